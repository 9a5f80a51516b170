"""Take back what is planned for an appointment and not on its way."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from services.notify.actions.record_moves import Move, record_moves

WITHDRAW = """
UPDATE planned_message AS m SET state = 'suppressed', reason = :reason, rung_at = NULL
FROM (SELECT id, state FROM planned_message WHERE appointment_id = :appointment AND state IN ('due', 'held')
    AND appointment_version <= :version AND (:kept = '' OR step <> :kept) ORDER BY id FOR UPDATE) AS old
WHERE m.id = old.id RETURNING m.id, old.state
"""


def withdraw_messages(
    session: Session, appointment_id: UUID, up_to_version: int, reason: str, kept: str = ""
) -> int:
    """Suppress with `reason` every waiting message of versions up to `up_to_version`, but step `kept`."""
    values = {
        "appointment": appointment_id,
        "version": up_to_version,
        "reason": reason,
        "kept": kept,
    }
    withdrawn = session.execute(text(WITHDRAW), values).all()
    moves = [Move(row.id, row.state, "suppressed", reason) for row in withdrawn]
    record_moves(session, moves, now(session))
    return len(withdrawn)

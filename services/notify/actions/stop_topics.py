"""End at once what waits on topics a patient wants no more of."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from services.notify.actions.record_moves import Move, record_moves
from services.notify.rules.gate import WITHOUT_CONSENT

STOP = """
UPDATE planned_message AS m SET state = 'suppressed', reason = 'no_consent', rung_at = NULL
FROM (SELECT id, state FROM planned_message WHERE patient_id = :patient AND channel = :channel
    AND topic = ANY(CAST(:topics AS text[])) AND state IN ('due', 'held')
    AND exempt <> ALL(CAST(:unasked AS text[])) ORDER BY id FOR UPDATE) AS old
WHERE m.id = old.id RETURNING m.id, old.state
"""


def stop_topics(session: Session, patient_id: UUID, channel: str, topics: Collection[str]) -> int:
    """Suppress the waiting messages of `patient_id` on these topics; return how many.

    The caller holds the contact point's lock: a send that began before is past, none begins after.
    """
    values = {
        "patient": patient_id,
        "channel": channel,
        "topics": list(topics),
        "unasked": list(WITHOUT_CONSENT),
    }
    stopped = session.execute(text(STOP), values).all()
    moves = [Move(row.id, row.state, "suppressed", "no_consent") for row in stopped]
    record_moves(session, moves, now(session))
    return len(stopped)

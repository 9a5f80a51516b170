"""A held message must not go out when its time is over."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from services.notify.actions.record_moves import Move, record_moves

EXPIRED_HELD = """
UPDATE planned_message AS m SET state = 'expired', reason = 'held_too_long'
FROM (SELECT id FROM planned_message WHERE state = 'held' AND expires_at <= :now LIMIT 200
    FOR UPDATE SKIP LOCKED) AS past
WHERE m.id = past.id RETURNING m.id
"""


def end_held_messages(session: Session) -> int:
    """Expire held messages nobody released while they were of use."""
    at = now(session)
    rows = session.execute(text(EXPIRED_HELD), {"now": at}).all()
    record_moves(session, [Move(row.id, "held", "expired", "held_too_long") for row in rows], at)
    return len(rows)

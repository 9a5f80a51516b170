"""Staff read a reply and dealt with it; the hold on its number ends when nothing of it is unread."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.outbox import wake
from services.notify.actions.record_moves import Move, record_moves

LOCK_POINT = """
SELECT c.id FROM contact_point c JOIN reply r ON r.contact_point_id = c.id WHERE r.id = :id
FOR NO KEY UPDATE OF c
"""
CLOSE = """
UPDATE reply SET state = 'closed', closed_at = :now, closed_by = :by, outcome = :outcome, version = version + 1
WHERE id = :id AND state = 'open' RETURNING contact_point_id
"""
STILL_OPEN = "SELECT 1 FROM reply WHERE contact_point_id = :point AND state = 'open' LIMIT 1"
UNHOLD = "UPDATE contact_point SET held_at = NULL WHERE id = :point AND held_at IS NOT NULL RETURNING id"
RELEASE = """
UPDATE planned_message SET state = 'due', reason = 'released', rung_at = NULL
WHERE contact_point_id = :point AND state = 'held' AND expires_at > :now RETURNING id
"""


def close_reply(session: Session, actor: Actor, reply_id: UUID, outcome: str) -> bool:
    """Close an open reply with an outcome code; False when it was not open."""
    at = now(session)
    session.execute(text(LOCK_POINT), {"id": reply_id})
    values = {"now": at, "by": actor.id, "outcome": outcome, "id": reply_id}
    closed = session.execute(text(CLOSE), values).first()
    if closed is None:
        return False
    record(session, actor, "close_reply", "reply", reply_id, reason=outcome)
    point = {"point": closed.contact_point_id}
    if session.execute(text(STILL_OPEN), point).first() is None:
        session.execute(text(UNHOLD), point)
        released = session.scalars(text(RELEASE), point | {"now": at}).all()
        record_moves(session, [Move(row, "held", "due", "released") for row in released], at)
        wake(session)
    return True

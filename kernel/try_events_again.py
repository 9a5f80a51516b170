"""A person has seen to what an event was refused for: bring it to its listener once more."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.arrays import ids_array
from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.outbox import wake

# Refusals and losses start anew. A listener that has heard it after all hears nothing twice (kernel/inbox.py).
AGAIN = """
UPDATE event_delivery AS d SET state = 'due', due_at = :now, rung_at = NULL, refusals = 0, last_error = ''
FROM (SELECT g.id, g.last_error, e.type FROM event_delivery g JOIN outbox_event e ON e.id = g.event_id
    WHERE g.id = ANY(CAST(:ids AS uuid[])) AND g.state = 'dead' ORDER BY g.id FOR UPDATE OF g) AS given_up
WHERE d.id = given_up.id RETURNING d.id, d.listener, given_up.type, given_up.last_error
"""


def try_events_again(session: Session, actor: Actor, delivery_ids: Iterable[UUID]) -> int:
    """Make those of `delivery_ids` that were given up due again; return how many were."""
    values = {"ids": ids_array(delivery_ids), "now": now(session)}
    tried = session.execute(text(AGAIN), values).all()
    for row in tried:
        details = {"type": row.type, "listener": row.listener}
        record(
            session,
            actor,
            "try_event_again",
            "event_delivery",
            row.id,
            reason=row.last_error,
            details=details,
        )
    if tried:
        wake(session)
    return len(tried)

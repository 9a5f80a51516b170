"""Events that were given up: which, for whom, since when, and why."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

DEAD = """
SELECT d.id, e.type, d.listener, e.occurred_at, d.last_error, d.refusals, d.attempts
FROM event_delivery d JOIN outbox_event e ON e.id = d.event_id
WHERE d.state = 'dead' ORDER BY e.occurred_at, d.id LIMIT :most
"""
COUNT = "SELECT count(*) FROM event_delivery WHERE state = 'dead'"


def dead_events(session: Session, most: int = 100) -> tuple[Sequence[Any], int]:
    """Return the oldest `most` deliveries given up, without what the events say, and how many there are in all."""
    rows = session.execute(text(DEAD), {"most": most}).all()
    total = len(rows) if len(rows) < most else int(session.execute(text(COUNT)).scalar_one())
    return rows, total

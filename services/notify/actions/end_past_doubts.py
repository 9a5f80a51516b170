"""A doubt about a visit that has begun is moot: nobody asks any more, and the message stays unknown for ever."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from services.notify.actions.record_moves import Move, record_moves

# The reason of a message of which it was never known whether it was sent.
MOOT = "unknown_at_visit"
PAST = """
UPDATE planned_message AS m SET reason = :moot, rung_at = NULL
FROM (SELECT p.id FROM planned_message p LEFT JOIN appointment a ON a.id = p.appointment_id
    WHERE p.state = 'unknown' AND p.reason <> 'unknown_at_visit' AND coalesce(a.starts_at, p.expires_at) <= :now
    LIMIT 200 FOR UPDATE OF p SKIP LOCKED) AS past
WHERE m.id = past.id RETURNING m.id, m.attempt_id
"""
NO_MORE_LOOKUPS = "UPDATE send_lookup SET state = 'done' WHERE message_id = ANY(:ids) AND state <> 'done'"


def end_past_doubts(session: Session) -> int:
    """Ask no more about sends still in doubt when their visit starts; a receipt that comes after all still counts.

    They keep their state: "expired" would say that they were not sent, which nobody knows.
    """
    at = now(session)
    rows = session.execute(text(PAST), {"now": at, "moot": MOOT}).all()
    if rows:
        session.execute(text(NO_MORE_LOOKUPS), {"ids": [row.id for row in rows]})
        moves = [Move(row.id, "unknown", "unknown", MOOT, row.attempt_id) for row in rows]
        record_moves(session, moves, at)
    return len(rows)

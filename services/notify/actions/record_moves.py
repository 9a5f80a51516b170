"""Change the state of many messages at once, with the trail and the notice that go with every change."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.arrays import ids_array, texts_array
from kernel.ids import new_id
from kernel.rows import cursor

TRAIL = """
INSERT INTO message_move (id, message_id, at, from_state, to_state, reason, attempt_id)
SELECT v.id, v.message, CAST($7 AS timestamptz), v.before, v.after, v.reason, v.attempt
FROM unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[]), CAST($3 AS text[]), CAST($4 AS text[]),
    CAST($5 AS text[]), CAST($6 AS uuid[])) AS v (id, message, before, after, reason, attempt)
"""
TRAIL_AND_NEWS = f"""
WITH trail AS ({TRAIL})
INSERT INTO untold_state (message_id) SELECT unnest(CAST($8 AS uuid[])) ON CONFLICT (message_id) DO NOTHING
"""
# The states no message leaves but by a provider's later word (sent, unknown) or never.
PUBLIC_STATES = ("due", "sent", "delivered", "failed", "suppressed", "expired", "held", "unknown")


@dataclass(frozen=True, slots=True)
class Move:
    """One change of state that has been written to its row."""

    message_id: UUID
    from_state: str
    to_state: str
    reason: str = ""
    attempt_id: UUID | None = None


def record_moves(session: Session, moves: Sequence[Move], at: datetime) -> None:
    """Append `moves` to the trail and mark their messages as news for the other services."""
    if not moves:
        return
    trail = [
        ids_array([new_id() for _ in moves]),
        ids_array([move.message_id for move in moves]),
        texts_array([move.from_state for move in moves]),
        texts_array([move.to_state for move in moves]),
        texts_array([move.reason for move in moves]),
        ids_array([move.attempt_id for move in moves]),
        at,
    ]
    # Ordered, so that two transactions about the same messages take the rows' locks in one order.
    news = sorted({move.message_id for move in moves if move.to_state in PUBLIC_STATES})
    if news:
        cursor(session).execute(TRAIL_AND_NEWS, [*trail, ids_array(news)])
    else:
        cursor(session).execute(TRAIL, trail)

"""A worker died, or its lease ran out, in the middle of a send: nobody knows, so the rows are "unknown"."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.ids import new_id
from services.notify.actions.record_moves import Move, record_moves
from services.notify.actions.settle_sends import LOOKUP_SETTLE, LOOKUPS

FREE = """
WITH lost AS (
    SELECT id FROM planned_message WHERE state = 'sending' AND (lease_until < now() OR leased_by = :worker)
    ORDER BY id FOR UPDATE SKIP LOCKED)
UPDATE planned_message AS m SET state = 'unknown', reason = 'worker_lost', unknown_at = :now, lease_until = NULL,
    leased_by = ''
FROM lost WHERE m.id = lost.id RETURNING m.id, m.attempt_id
"""


def free_sends(session: Session, worker_id: str | None) -> int:
    """Move rows in `sending` whose lease is over, or that `worker_id` held, to `unknown`; return how many.

    They are never simply sent again: the provider is asked first.
    """
    at = now(session)
    lost = session.execute(text(FREE), {"worker": worker_id or "-", "now": at}).all()
    if not lost:
        return 0
    session.execute(
        text(LOOKUPS),
        {
            "ids": [new_id() for _ in lost],
            "messages": [row.id for row in lost],
            "attempts": [row.attempt_id for row in lost],
            "doubtful": [False for _ in lost],
            "due": at + LOOKUP_SETTLE,
        },
    )
    moves = [Move(row.id, "sending", "unknown", "worker_lost", row.attempt_id) for row in lost]
    record_moves(session, moves, at)
    return len(lost)

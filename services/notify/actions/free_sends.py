"""A worker died, or its lease ran out, in the middle of a send: what may have been transmitted is "unknown"."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.arrays import ids_array, texts_array
from kernel.backoff import backoff
from kernel.clock import now
from kernel.ids import new_id
from services.notify.actions.give_up_send import give_up_send
from services.notify.actions.record_moves import Move, record_moves
from services.notify.actions.settle_sends import LOOKUP_SETTLE, LOOKUPS
from services.notify.queries.losses import MOST_LOSSES, losses_of

LOCK = """
SELECT id, attempt_id, attempts FROM planned_message
WHERE state = 'sending' AND (lease_until < now() OR leased_by = :worker) ORDER BY id FOR UPDATE SKIP LOCKED
"""
# A statement after the lock: what a fence had committed by then is seen, and none can begin before this ends.
NEVER = """
UPDATE send_attempt SET outcome = 'not_transmitted', code = 'worker_lost', settled_at = now()
WHERE id = ANY(CAST(:attempts AS uuid[])) AND marks_handover AND handed_over_at IS NULL RETURNING id
"""
AGAIN = """
UPDATE planned_message AS m SET state = 'due', reason = v.reason, due_at = v.due, rung_at = NULL, sent_at = NULL,
    lease_until = NULL, leased_by = '', goes_alone = m.goes_alone OR v.reason = 'worker_lost_again'
FROM unnest(CAST(:ids AS uuid[]), CAST(:dues AS timestamptz[]), CAST(:reasons AS text[])) AS v (id, due, reason)
WHERE m.id = v.id
"""
DOUBT = """
UPDATE planned_message SET state = 'unknown', reason = 'worker_lost', unknown_at = :now, lease_until = NULL,
    leased_by = '' WHERE id = ANY(CAST(:ids AS uuid[]))
"""


def free_sends(session: Session, worker_id: str | None) -> int:
    """Free rows in `sending` whose lease is over, or that `worker_id` held; return how many.

    What was certainly not transmitted (an unmarked letter) is due again. The rest is `unknown` and never simply sent
    again: the provider is asked first. What ended its sender for the third time is given up (FAULT-10).
    """
    at = now(session)
    lost = session.execute(text(LOCK), {"worker": worker_id or "-"}).all()
    if not lost:
        return 0
    attempts = {"attempts": ids_array([row.attempt_id for row in lost])}
    never = set(session.scalars(text(NEVER), attempts))
    again = [row for row in lost if row.attempt_id in never]
    doubtful = [row for row in lost if row.attempt_id not in never]
    moves = [Move(row.id, "sending", "due", "worker_lost", row.attempt_id) for row in again]
    moves += [Move(row.id, "sending", "unknown", "worker_lost", row.attempt_id) for row in doubtful]
    if again:
        losses = losses_of(session, [row.id for row in again])
        # What kills a worker before it has said anything may do so again: not at once.
        dues = [at + backoff(row.attempts, first_seconds=1.0, most_seconds=60.0) for row in again]
        reasons = ["worker_lost" if losses[row.id] == 0 else "worker_lost_again" for row in again]
        values = {"ids": ids_array([row.id for row in again]), "dues": dues, "reasons": texts_array(reasons)}
        session.execute(text(AGAIN), values)
    if doubtful:
        session.execute(text(DOUBT), {"ids": ids_array([row.id for row in doubtful]), "now": at})
        _ask_later(session, doubtful, at)
    record_moves(session, moves, at)
    for row in again:
        if losses[row.id] + 1 >= MOST_LOSSES:
            give_up_send(session, row.id)
    return len(lost)


def _ask_later(session: Session, doubtful: list[Any], at: datetime) -> None:
    session.execute(
        text(LOOKUPS),
        {
            "ids": [new_id() for _ in doubtful],
            "messages": [row.id for row in doubtful],
            "attempts": [row.attempt_id for row in doubtful],
            "doubtful": [False for _ in doubtful],
            "due": at + LOOKUP_SETTLE,
        },
    )

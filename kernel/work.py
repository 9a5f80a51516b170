"""Work is rows. A kind of work names its table; ringing, claiming and freeing are the same SQL for all.

A work table has the columns id, state, due_at, rung_at, lease_until, leased_by, attempt_id, attempts. A row in
`due` whose `due_at` (business time) has come may be claimed by anyone; a claim sets `leased`, a lease and a fresh
`attempt_id`, and every later write to the row names that attempt, so a worker that lost its lease writes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import clock_offset
from kernel.timings import LEASE_SECONDS, UNANSWERED_RING_SECONDS


@dataclass(frozen=True, slots=True)
class Claim:
    """A row this process may work on, until the lease ends, under this attempt id."""

    id: UUID
    attempt_id: UUID
    attempts: int


@dataclass(frozen=True)
class WorkKind:
    """One kind of work: `run(id)` claims that row (and may take others due with it) and does the work.

    `free` puts rows back whose lease is over, or, given a worker's id, all that worker held; it returns how many.
    `rows_per_ring` > 1 tells the relay that one ring lets a worker take that many rows. `alone` is a condition in SQL:
    rows it holds for are rung and taken one at a time, because they may have ended the process that took them.
    """

    name: str
    table: str
    task: str
    run: Callable[[UUID], None]
    free: Callable[[Session, str | None], int]
    rows_per_ring: int = 1
    alone: str = "false"


RING = """
WITH waiting AS (
    SELECT id FROM {table} WHERE state = 'due' AND due_at <= now() + CAST(:offset AS interval) AND rung_at IS NULL
        AND {which}
    ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED)
UPDATE {table} AS work SET rung_at = now() FROM waiting WHERE work.id = waiting.id RETURNING work.id
"""

NEXT_DUE = """
SELECT CAST(extract(epoch FROM next.due_at - now() - CAST(:offset AS interval)) AS float8) FROM (
    SELECT due_at FROM {table} WHERE state = 'due' AND rung_at IS NULL
        AND due_at > now() + CAST(:offset AS interval)
        AND due_at <= now() + CAST(:offset AS interval) + make_interval(secs => :within)
    ORDER BY due_at LIMIT 1) AS next
"""

UNANSWERED = """
SELECT id FROM {table} WHERE state = 'due' AND due_at <= now() + CAST(:offset AS interval)
    AND rung_at < now() - make_interval(secs => :patience)
ORDER BY due_at LIMIT :limit
"""

CLAIM_ONE = """
UPDATE {table} SET state = 'leased', attempt_id = gen_random_uuid(), attempts = attempts + 1,
    lease_until = now() + make_interval(secs => :lease), leased_by = :worker
WHERE id = (
    SELECT id FROM {table} WHERE id = :id AND state = 'due' AND due_at <= now() + CAST(:offset AS interval)
    FOR UPDATE SKIP LOCKED)
RETURNING id, attempt_id, attempts, ({alone}) AS alone
"""

CLAIM_MORE = """
WITH waiting AS (
    SELECT id FROM {table} WHERE state = 'due' AND due_at <= now() + CAST(:offset AS interval) AND NOT ({alone})
    ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED)
UPDATE {table} AS work SET state = 'leased', attempt_id = gen_random_uuid(), attempts = attempts + 1,
    lease_until = now() + make_interval(secs => :lease), leased_by = :worker
FROM waiting WHERE work.id = waiting.id RETURNING work.id, work.attempt_id, work.attempts
"""

FREE = """
UPDATE {table} SET state = 'due', rung_at = NULL, lease_until = NULL, leased_by = ''
WHERE state = 'leased' AND (lease_until < now() OR leased_by = :worker)
"""


def ring_due(session: Session, table: str, limit: int = 200, which: str = "true") -> list[UUID]:
    """Mark up to `limit` due rows (those of the SQL condition `which`) as rung and return their ids, oldest first."""
    values = {"offset": clock_offset(session), "limit": limit}
    rows = session.execute(text(RING.format(table=table, which=which)), values)
    return sorted(row.id for row in rows)


def next_due(session: Session, table: str, within_seconds: float) -> float | None:
    """Return in how many seconds the next waiting row falls due by itself; None when none does `within_seconds`."""
    values = {"offset": clock_offset(session), "within": within_seconds}
    return session.execute(text(NEXT_DUE.format(table=table)), values).scalar()


def unanswered(
    session: Session, table: str, limit: int = 50, patience_seconds: float = UNANSWERED_RING_SECONDS
) -> list[UUID]:
    """Return rows rung more than `patience_seconds` ago that nobody has claimed."""
    values = {"offset": clock_offset(session), "patience": patience_seconds, "limit": limit}
    return [row.id for row in session.execute(text(UNANSWERED.format(table=table)), values)]


def claim(
    session: Session, table: str, row_id: UUID, worker_id: str, limit: int = 1, *, alone: str = "false"
) -> list[Claim]:
    """Lease row `row_id` if it is still due, and up to `limit` rows in all; [] when another has them.

    A row of the SQL condition `alone` comes without company.
    """
    values = {"offset": clock_offset(session), "lease": LEASE_SECONDS, "worker": worker_id, "id": row_id}
    claimed = list(session.execute(text(CLAIM_ONE.format(table=table, alone=alone)), values))
    if limit > 1 and not any(row.alone for row in claimed):
        values["limit"] = limit - len(claimed)
        claimed += session.execute(text(CLAIM_MORE.format(table=table, alone=alone)), values)
    return [Claim(row.id, row.attempt_id, row.attempts) for row in claimed]


def free_leases(session: Session, table: str, worker_id: str | None) -> int:
    """Put back rows whose lease is over, or that `worker_id` held. Only for work that is safe to do again."""
    result = session.execute(text(FREE.format(table=table)), {"worker": worker_id or "-"})
    return int(result.rowcount)  # type: ignore[attr-defined]

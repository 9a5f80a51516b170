"""PERF-6: what it costs to find and claim due work while more and more of it waits for later."""

import statistics
import time

import psycopg

from bench.clinic import BenchClinic
from bench.limits import claim_limit
from bench.result import Result
from kernel.clock import now
from kernel.database import Database
from kernel.ids import new_id
from kernel.work import claim, ring_due

SIZES = (10_000, 1_000_000)
BATCH = 8
ROUNDS = 200
# Claims made in between, without anybody vacuuming: what they leave behind must not be in the next one's way.
CLAIMS_A_ROUND = 2_000
FILL = """
INSERT INTO event_delivery (id, event_id, listener, state, due_at)
SELECT gen_random_uuid(), %(event)s, 'bench' || n, 'due', now() + interval '30 days' + n * interval '1 ms'
FROM generate_series(%(first)s::int, %(last)s::int) n
"""
DUE = """
INSERT INTO event_delivery (id, event_id, listener, state, due_at)
SELECT gen_random_uuid(), %(event)s, 'due' || n || '-' || %(round)s, 'due', now() - interval '1 second'
FROM generate_series(1, %(many)s) n RETURNING id
"""
DONE = "UPDATE event_delivery SET state = 'done', lease_until = NULL WHERE id = ANY(%s)"
WORN = -1
AUTOVACUUM_SECONDS = 130.0
SWEPT = (
    "SELECT coalesce(last_autovacuum > %s, false) FROM pg_stat_user_tables WHERE relname = 'event_delivery'"
)
EVENT = """
INSERT INTO outbox_event (id, type, subject, occurred_at, data_sealed, request_id)
VALUES (%s, 'bench', '-', now(), ''::bytea, '') ON CONFLICT DO NOTHING
"""


def measure_claims(clinic: BenchClinic, _seconds: float) -> list[Result]:
    """Ring and claim batches of what is due, with 10 k and then up to 1 M rows waiting behind, in the kernel's SQL.

    The rows stand in notify's own table, with its indexes; its relay and worker are held still meanwhile.
    """
    limit = claim_limit(clinic.bare_database_url)
    store = Database(clinic.stack.owner_url("notify"), name="bench-claims")
    event, medians = new_id(), {}
    with clinic.held("notify-relay", "notify-worker"), psycopg.connect(store.url, autocommit=True) as own:
        own.execute(EVENT, [event])
        there = 0
        for size in (wanted for wanted in SIZES if wanted <= clinic.most_rows or wanted == SIZES[0]):
            own.execute(FILL, {"event": event, "first": there + 1, "last": size})
            own.execute("ANALYZE event_delivery")
            there = size
            medians[size] = statistics.median(
                _one_claim(store, own, event, f"{size}-{n}") for n in range(ROUNDS)
            )
        worn = _wear(store, own, event, clinic.most_rows)
        medians[WORN] = statistics.median(_one_claim(store, own, event, f"worn-{n}") for n in range(ROUNDS))
        swept = _swept(store, own, event) if _autovacuum_came(own) else None
        own.execute("DELETE FROM event_delivery WHERE event_id = %s", [event])
        own.execute("DELETE FROM outbox_event WHERE id = %s", [event])
    after = medians.pop(WORN)
    growth, wear = medians[max(medians)] / medians[SIZES[0]], after / medians[SIZES[0]]
    return [
        limit,
        Result(
            "PERF-6",
            f"ring and claim {BATCH} due rows, {max(medians):,} waiting",
            medians[max(medians)] * 1000,
            "ms p50",
            target="≤ 1.2 × the cost with 10,000 waiting",
            met=growth <= 1.2 and wear <= 1.2,
            more={
                "with 10,000 ms": medians[SIZES[0]] * 1000,
                "growth ×": growth,
                f"after {worn:,} claims ms": after * 1000,
                "growth by claims ×": wear,
                "after the autovacuum's next round ms": "none came" if swept is None else swept * 1000,
                "growth with autovacuum ×": "none came" if swept is None else swept / medians[SIZES[0]],
            },
        ),
    ]


def _wear(store: Database, own: "psycopg.Connection[tuple[object, ...]]", event: object, claims: int) -> int:
    """Make `claims` claims and settle each, as a year of work does; the autovacuum may come, nobody calls it."""
    made = 0
    while made < claims:
        wave = {"event": event, "round": f"wear-{made}", "many": CLAIMS_A_ROUND}
        own.execute(DUE, wave)
        with store.transaction() as session:
            ring_due(session, "event_delivery", limit=CLAIMS_A_ROUND)
        with store.transaction() as session:
            claimed = claim(session, "event_delivery", new_id(), "bench", limit=CLAIMS_A_ROUND)
        own.execute(DONE, [[one.id for one in claimed]])
        made += len(claimed)
    return made


def _autovacuum_came(own: "psycopg.Connection[tuple[object, ...]]") -> bool:
    """Wait until the clinic's own autovacuum, as it is set (0268), has been through what the claims left."""
    (began,) = own.execute("SELECT clock_timestamp()").fetchall()[0]
    deadline = time.monotonic() + AUTOVACUUM_SECONDS
    while time.monotonic() < deadline:
        if own.execute(SWEPT, [began]).fetchall()[0][0]:
            return True
        time.sleep(1.0)
    return False


def _swept(store: Database, own: "psycopg.Connection[tuple[object, ...]]", event: object) -> float:
    return statistics.median(_one_claim(store, own, event, f"swept-{n}") for n in range(ROUNDS))


def _one_claim(
    store: Database, own: "psycopg.Connection[tuple[object, ...]]", event: object, round_name: str
) -> float:
    own.execute(DUE, {"event": event, "round": round_name, "many": BATCH})
    began = time.perf_counter()
    with store.transaction() as session:
        now(session)
        rung = ring_due(session, "event_delivery")
    with store.transaction() as session:
        claimed = claim(session, "event_delivery", rung[0], "bench", limit=BATCH)
    took = time.perf_counter() - began
    if len(claimed) != BATCH:
        raise RuntimeError(f"{len(claimed)} rows claimed of {BATCH}")
    own.execute(DONE, [[one.id for one in claimed]])
    return took

"""The relay over real PostgreSQL, with Redis answering and with Redis gone."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import pytest
import redis
from sqlalchemy import text

from kernel.database import Database
from kernel.relay import Relay
from kernel.tables import LostWorker
from kernel.tasks import Doorbell, make_celery
from kernel.work import WorkKind, claim, free_leases, next_due
from tests.kernel.test_work import TABLE, owe

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


def a_relay(database: Database, redis_url: str, done: list[UUID]) -> Relay:
    def run(row_id: UUID) -> None:
        with database.transaction() as session:
            for claimed in claim(session, TABLE, row_id, "relay"):
                session.execute(
                    text("UPDATE event_delivery SET state = 'done' WHERE attempt_id = :a"),
                    {"a": claimed.attempt_id},
                )
                done.append(claimed.id)

    kind = WorkKind("delivery", TABLE, "alpha.deliver_event", run, lambda s, w: free_leases(s, TABLE, w))
    return Relay("alpha", database, Doorbell(make_celery("alpha", redis_url), "alpha"), [kind], [])


def pump_until(relay: Relay, done: list[UUID], count: int, seconds: float = 5) -> float:
    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        while len(done) < count and time.monotonic() - began < seconds:
            relay.pump(pool)
            time.sleep(0.05)
    return time.monotonic() - began


def test_a_due_row_rings_a_worker_with_its_id_and_nothing_else(
    kernel_database: Database, redis_url: str
) -> None:
    owe(kernel_database, 2)
    done: list[UUID] = []
    with ThreadPoolExecutor(1) as pool:
        a_relay(kernel_database, redis_url, done).pump(pool)
    with redis.Redis.from_url(redis_url) as client:
        waiting = [message.decode() for message in client.lrange("alpha.jobs", 0, -1)]
    with kernel_database.transaction() as session:
        ids = {str(row) for row in session.execute(text("SELECT id FROM event_delivery")).scalars()}
    rings = [message for message in waiting if "alpha.deliver_event" in message]
    assert len(rings) == 2 and done == []
    assert all(any(row_id in message for message in rings) for row_id in ids)


def test_a_full_round_is_followed_by_another_also_of_rows_that_go_alone(
    kernel_database: Database, redis_url: str
) -> None:
    owe(kernel_database, 201)
    relay = a_relay(kernel_database, redis_url, [])
    relay.kinds = [replace(relay.kinds[0], alone="true")]
    with ThreadPoolExecutor(1) as pool:
        assert [relay.pump(pool), relay.pump(pool)] == [True, False]
    with kernel_database.transaction() as session:
        waiting = text("SELECT count(*) FROM event_delivery WHERE rung_at IS NULL")
        assert session.execute(waiting).scalar_one() == 0


@pytest.mark.fault("F17")
def test_with_redis_gone_the_relay_does_the_work_within_seconds(kernel_database: Database) -> None:
    owe(kernel_database, 10)
    done: list[UUID] = []
    took = pump_until(a_relay(kernel_database, NOBODY_LISTENS, done), done, 10)
    assert len(set(done)) == 10
    assert took < 2


@pytest.mark.fault("F8", "F15")
def test_a_ring_nobody_answers_is_done_by_the_relay(kernel_database: Database, redis_url: str) -> None:
    owe(kernel_database, 3)
    done: list[UUID] = []
    relay = a_relay(kernel_database, redis_url, done)
    with ThreadPoolExecutor(1) as pool:
        relay.pump(pool)
    with kernel_database.transaction() as session:
        session.execute(text("UPDATE event_delivery SET rung_at = rung_at - interval '4 seconds'"))
    pump_until(relay, done, 3)
    assert len(set(done)) == 3


@pytest.mark.fault("F5")
def test_a_lost_workers_rows_come_back(kernel_database: Database) -> None:
    owe(kernel_database, 1)
    with kernel_database.transaction() as session:
        row_id = session.execute(text("SELECT id FROM event_delivery")).scalar_one()
        claim(session, TABLE, row_id, "gone")
        session.add(LostWorker(worker_id="gone"))
    done: list[UUID] = []
    pump_until(a_relay(kernel_database, NOBODY_LISTENS, done), done, 1)
    assert done == [row_id]
    with kernel_database.transaction() as session:
        assert session.query(LostWorker).count() == 0


def test_a_row_that_falls_due_by_itself_is_not_left_for_the_next_poll(kernel_database: Database) -> None:
    with kernel_database.transaction() as session:
        assert next_due(session, TABLE, 60.0) is None
    owe(kernel_database, 2)
    later = text(
        "UPDATE event_delivery SET due_at = now() + make_interval(secs => :secs)"
        " WHERE id = (SELECT id FROM event_delivery ORDER BY due_at LIMIT 1)"
    )
    with kernel_database.transaction() as session:
        session.execute(later, {"secs": 30})
    with kernel_database.transaction() as session:
        session.execute(later, {"secs": 50})
        seconds = next_due(session, TABLE, 60.0)
        assert seconds is not None and 0 < seconds <= 30
        assert next_due(session, TABLE, 0.0) is None
        session.execute(
            text("UPDATE event_delivery SET rung_at = now() WHERE due_at < now() + interval '40 seconds'")
        )
        seconds = next_due(session, TABLE, 60.0)
        assert seconds is not None and 30 < seconds <= 50

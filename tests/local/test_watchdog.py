"""The watchdog: a worker is judged by its stamp in the database, and a dead one's leases are given back."""

import time
from collections.abc import Iterator

import psycopg
import pytest

from local.watchdog import Watchdog
from tests.conftest import DatabaseFactory
from tests.servers import ServiceDatabase, free_port

STAMP = (
    "INSERT INTO worker_canary (queue, stamped_at) VALUES ('intake.jobs', now() - make_interval(secs => %s))"
)


class Asked(list[tuple[str, str]]):
    """Restarts asked for."""

    def __call__(self, name: str, why: str) -> None:
        self.append((name, why))


@pytest.fixture
def intake(database: DatabaseFactory) -> ServiceDatabase:
    return database("intake")


@pytest.fixture
def asked() -> Asked:
    return Asked()


def watchdog(url: str, redis_url: str, asked: Asked, seconds_up: float = 600) -> Watchdog:
    return Watchdog({"intake": url}, redis_url, lambda _name: seconds_up, asked)


def stamp(intake: ServiceDatabase, age: float) -> None:
    with psycopg.connect(intake.app_url) as connection:
        connection.execute(STAMP, (age,))


@pytest.mark.fault("F21")
def test_a_worker_that_consumes_nothing_for_a_minute_is_restarted(
    intake: ServiceDatabase, redis_url: str, asked: Asked
) -> None:
    stamp(intake, 75)
    watchdog(intake.app_url, redis_url, asked).look()
    assert asked == [("intake-worker", "has consumed nothing for 75 s")]


def test_a_working_worker_is_left_alone(intake: ServiceDatabase, redis_url: str, asked: Asked) -> None:
    stamp(intake, 20)
    watchdog(intake.app_url, redis_url, asked).look()
    assert asked == []


@pytest.mark.parametrize("seconds_up", [0.0, 30.0])
def test_a_young_worker_is_given_time(
    intake: ServiceDatabase, redis_url: str, asked: Asked, seconds_up: float
) -> None:
    stamp(intake, 300)
    watchdog(intake.app_url, redis_url, asked, seconds_up).look()
    assert asked == []


def test_a_worker_is_not_blamed_for_redis_or_the_database_being_away(
    intake: ServiceDatabase, redis_url: str, asked: Asked
) -> None:
    stamp(intake, 300)
    watchdog(intake.app_url, f"redis://127.0.0.1:{free_port()}/0", asked).look()
    watchdog(f"postgresql://intake_app:x@127.0.0.1:{free_port()}/none", redis_url, asked).look()
    assert asked == []


@pytest.fixture
def running(intake: ServiceDatabase, redis_url: str, asked: Asked) -> Iterator[Watchdog]:
    made = watchdog(intake.app_url, redis_url, asked)
    made.start()
    yield made
    made.stop()


def test_a_dead_workers_id_reaches_the_relay(intake: ServiceDatabase, running: Watchdog) -> None:
    with psycopg.connect(intake.app_url, autocommit=True) as relay:
        relay.execute("LISTEN waymark_work")
        running.report_lost("intake", "intake-worker.1")
        heard = [notice.channel for notice in relay.notifies(timeout=10, stop_after=1)]
        assert heard == ["waymark_work"]
        assert relay.execute("SELECT worker_id FROM lost_worker").fetchall() == [("intake-worker.1",)]


def test_a_report_waits_for_a_database_that_is_away(
    intake: ServiceDatabase, running: Watchdog, admin_connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    admin_connection.execute(f'ALTER DATABASE "{intake.name}" ALLOW_CONNECTIONS false')
    running.report_lost("intake", "intake-worker.2")
    time.sleep(1.2)
    admin_connection.execute(f'ALTER DATABASE "{intake.name}" ALLOW_CONNECTIONS true')
    deadline = time.monotonic() + 20
    found: list[tuple[object, ...]] = []
    while not found and time.monotonic() < deadline:
        with psycopg.connect(intake.app_url) as connection:
            found = connection.execute("SELECT worker_id FROM lost_worker").fetchall()
        time.sleep(0.1)
    assert found == [("intake-worker.2",)]

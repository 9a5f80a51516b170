"""A worker that lives and consumes nothing is found by its stamp, ended and started again (FAULT-21)."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from kernel import timings
from kernel.tasks import Doorbell, make_celery
from local.child import ProcessSpec
from local.keys import new_data_keys, new_signing_key, public_key
from local.places import ROOT, Places
from local.processes import worker_command
from local.supervisor import STACK_MARK, Supervisor
from local.watchdog import Watchdog
from tests.conftest import DatabaseFactory
from tests.servers import ServiceDatabase

STAMPED = "SELECT extract(epoch FROM max(stamped_at))::float8 FROM worker_canary"


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    places = Places(tmp_path / "var")
    places.make()
    made = Supervisor(places, lambda _line: None)
    yield made
    made.stop_all()


def worker(intake: ServiceDatabase, redis_url: str, places: Places) -> ProcessSpec:
    signing = new_signing_key()
    environment = {
        "PATH": os.environ["PATH"],
        STACK_MARK: str(places.var),
        "ENV": "test",
        "INTAKE_DATABASE_URL": intake.app_url,
        "REDIS_URL": redis_url,
        "DATA_KEYS": new_data_keys(),
        "SIGNING_KEY": signing,
        "SERVICE_KEYS": json.dumps({"keys": [public_key("intake", signing)]}),
        "SERVICE_URLS": "{}",
        "PUBLIC_URL": "http://127.0.0.1:1",
        "FORM_SECRET_KEY": "for this test alone, thirty-two letters",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = worker_command("intake")
    return ProcessSpec("intake-worker", command, environment, folder=ROOT, service="intake", leases=True)


@pytest.mark.fault("F21")
def test_a_worker_that_stands_still_is_found_and_replaced(
    supervisor: Supervisor, database: DatabaseFactory, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = database("intake")
    monkeypatch.setattr(timings, "CANARY_STALE_SECONDS", 4)
    doorbell = Doorbell(make_celery("intake", redis_url), "intake")
    watchdog = Watchdog(
        {"intake": intake.app_url},
        redis_url,
        # The relay, whose canaries this test rings itself, has been up for long.
        lambda name: 600.0 if name.endswith("relay") else supervisor.seconds_up(name),
        supervisor.ask_restart,
    )
    over, found = threading.Event(), threading.Event()

    def ring_and_look() -> None:
        while not over.wait(0.5):
            doorbell.ring_canary()
            # Here a stamp is old after seconds; on a busy machine the new worker takes longer than that to come up.
            if not found.is_set():
                watchdog.look()

    def stamped_after(moment: float) -> bool:
        with psycopg.connect(intake.app_url) as connection:
            row = connection.execute(STAMPED).fetchone()
        return bool(row and row[0] and row[0] > moment)

    def pid() -> int | None:
        number: int | None = json.loads(supervisor.places.state_file.read_text())["processes"][
            "intake-worker"
        ]["pid"]
        return number

    supervisor.start([worker(intake, redis_url, supervisor.places)])
    looking = threading.Thread(target=ring_and_look)
    looking.start()
    try:
        began = time.time()
        assert supervisor.run_until(lambda: stamped_after(began), 90), "the worker never worked"
        frozen = pid()
        assert frozen is not None
        for process in [*psutil.Process(frozen).children(recursive=True), psutil.Process(frozen)]:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGSTOP)
        assert supervisor.run_until(lambda: pid() not in (frozen, None), 60), "nobody found it"
        found.set()
        assert not psutil.pid_exists(frozen)
        again = time.time()
        assert supervisor.run_until(lambda: stamped_after(again), 90), "the new one consumes nothing"
    finally:
        over.set()
        looking.join()

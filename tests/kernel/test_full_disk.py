"""With no room for logs the work goes on; and a relay that cannot go on ends, so that it is started again."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from kernel.database import Database
from kernel.relay import Relay
from kernel.tasks import Doorbell, make_celery
from local.places import ROOT

SAY = """
import logging, os, sys
from kernel.logs import configure_logs, log
configure_logs("intake")
log().warning("no_room_for_this")
logging.getLogger("celery").warning("nor for this")
print("went on")
"""


@pytest.mark.fault("F26")
def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    with open("/dev/full", "w") as full:
        said = subprocess.run(
            [sys.executable, "-c", SAY], stderr=full, stdout=subprocess.PIPE, cwd=ROOT, text=True, check=False
        )
    assert said.stdout == "went on\n"


@pytest.fixture
def own_signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.fault("F62")
@pytest.mark.usefixtures("own_signals")
def test_a_relay_whose_pump_breaks_does_not_live_on_as_a_clock(
    kernel_database: Database, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_relay: Relay, _pool: ThreadPoolExecutor) -> bool:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(Relay, "pump", broken)
    relay = Relay("alpha", kernel_database, Doorbell(make_celery("alpha", redis_url), "alpha"), [], [])
    with pytest.raises(RuntimeError, match="foresaw"):
        relay.run_forever()
    assert "relay-jobs" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.fault("F62")
@pytest.mark.usefixtures("own_signals")
def test_a_relay_whose_clock_breaks_ends_too(
    kernel_database: Database, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr("kernel.relay.run_due_jobs", broken)
    monkeypatch.setattr(threading, "excepthook", lambda _raised: None)
    relay = Relay("alpha", kernel_database, Doorbell(make_celery("alpha", redis_url), "alpha"), [], [])
    relay.run_forever()

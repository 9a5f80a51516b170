"""`kill -9` of any one process during a day's traffic: nothing lost, no text sent twice, healthy without a hand."""

import random
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from tests.failures.checker import Checker
from tests.failures.traffic import run_clients
from tests.stack import RunningStack, running_stack

SUBMISSIONS = 200
SETTLE_SECONDS = 240.0
VICTIMS = [
    *(f"{service}-web" for service in ("intake", "referral", "notify", "dashboard")),
    *(f"{service}-{part}" for service in ("intake", "referral", "notify") for part in ("worker", "relay")),
    "redis",
]


@pytest.fixture(scope="module")
def quiet_stack() -> Iterator[RunningStack]:
    """A whole clinic without the sixty demo patients."""
    with running_stack({"WAYMARK_DEMO_PATIENTS": "0"}) as running:
        yield running


@pytest.mark.capability("P6")
@pytest.mark.xdist_group("kills")
def test_killing_each_process_in_turn_loses_and_repeats_nothing(quiet_stack: RunningStack) -> None:
    stack = quiet_stack.settings
    ledger, clients = run_clients(stack, SUBMISSIONS)
    order = VICTIMS * 2
    random.Random(20261123).shuffle(order)
    killed: list[str] = []
    traffic_ended = threading.Event()

    def nemesis() -> None:
        for name in order:
            if traffic_ended.wait(0.7):
                break
            quiet_stack.kill(name, signal.SIGKILL)
            killed.append(name)

    killer = threading.Thread(target=nemesis)
    killer.start()
    for client in clients:
        client.join()
    traffic_ended.set()
    killer.join()
    for name in set(VICTIMS) - set(killed):
        quiet_stack.kill(name, signal.SIGKILL)
        killed.append(name)

    assert ledger.failures == []
    assert len(ledger.submissions) == SUBMISSIONS
    assert set(killed) == set(VICTIMS)
    quiet_stack.wait_ready(180)
    checker = Checker(stack, ledger)
    deadline = time.monotonic() + SETTLE_SECONDS
    # Receipts still come in: what counts is a moment at which nothing is owed, not every moment after it.
    while (owed := checker.outboxes_empty() + checker.bookings_texted()) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert owed == [], quiet_stack.log_ends()
    assert checker.submissions_kept() == []
    assert checker.texts_sent_once() == []
    assert checker.nothing_over_capacity() == []
    assert checker.texts_accepted() >= len(ledger.appointments) > 0

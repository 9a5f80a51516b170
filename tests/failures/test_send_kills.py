"""Kills of workers and relays in the middle of sends, over a carrier that misbehaves: nothing lost, nothing twice."""

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from kernel.contracts.appointment import AppointmentCancelled
from tests.conftest import DatabaseFactory
from tests.failures.send_checker import check_sends
from tests.failures.sending import COMMANDS, Sending, sending
from tests.notify.people import book, move, submit
from tests.notify.standing import TUESDAY_TEN, StandIns, stand_ins

PATIENTS = 240
FAULTS = [
    {"mode": "error_500_after", "probability": 0.05, "seed": 1},
    {"mode": "error_500_before", "probability": 0.03, "seed": 2},
    {"mode": "reset_after", "probability": 0.03, "seed": 3},
    {"mode": "reset_before", "probability": 0.02, "seed": 4},
    {"mode": "rate_429", "probability": 0.04, "seed": 5, "seconds": 1},
    {"mode": "callback_duplicate", "probability": 0.1, "seed": 6, "copies": 3},
    {"mode": "callback_reorder", "probability": 0.1, "seed": 7},
    {"mode": "callback_before_reply", "probability": 0.1, "seed": 8},
]


@pytest.fixture(scope="module")
def carrier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIns]:
    log = tmp_path_factory.mktemp("carrier") / "log.jsonl"
    with stand_ins({"CARRIER_LOG": str(log)}) as others:
        yield others


def phone(number: int) -> str:
    return f"+1816555{number:04d}"


def churn(run: Sending, seed: int) -> None:
    """Patients book, some move, some are cancelled, some say STOP, while the sends go on."""
    dice = random.Random(seed)
    for number in range(seed, PATIENTS, 4):
        patient = submit(run.notify, phone=phone(number), email="", consent_email=False)
        visit = book(run.notify, patient, TUESDAY_TEN + timedelta(days=5, minutes=number))
        fate = dice.random()
        if fate < 0.10:
            time.sleep(dice.random() * 0.3)
            move(run.notify, patient, visit, TUESDAY_TEN + timedelta(days=6, minutes=number))
            run.void_since[str(visit), 1] = time.time()
        elif fate < 0.20:
            time.sleep(dice.random() * 0.3)
            gone = AppointmentCancelled(
                appointment_id=visit, version=2, patient_id=patient, reason="x", by="clinic"
            )
            run.notify.hear("appointment_cancelled", gone)
            run.void_since[str(visit), 1] = time.time()
        elif fate < 0.30:
            time.sleep(dice.random() * 0.3)
            if run.notify.reply(phone(number), "STOP") == 204:
                run.opted_out[phone(number)] = time.time()


def test_kills_in_the_middle_of_sends_lose_nothing_and_repeat_nothing(
    database: DatabaseFactory, redis_url: str, carrier: StandIns, tmp_path: Path
) -> None:
    points = "after_post=kill:0.03,before_post=kill:0.02,before_settle_commit=kill:0.02"
    with sending(database("notify"), redis_url, carrier, tmp_path, FAILPOINT_SEED="0") as run:
        run.environment["FAILPOINTS"] = points
        for name in ("worker-1", "worker-2"):
            run.kill(name)
        run.notify.carrier.put("/carrier/faults", json=FAULTS)
        with ThreadPoolExecutor(4) as pool:
            busy = [pool.submit(churn, run, seed) for seed in range(4)]
            kills = 0
            while not all(work.done() for work in busy) or kills < 9:
                time.sleep(1.5)
                run.kill(("worker-1", "worker-2", "relay")[kills % 3])
                kills += 1
            for work in busy:
                work.result()
        run.environment["FAILPOINTS"] = ""
        for name in COMMANDS:
            run.kill(name)
        run.wait_until_done(120)
        time.sleep(1)
        history = run.history("America/Chicago")
    assert check_sends(history) == []
    posted = sum(post.accepted for post in history.posts)
    assert posted >= PATIENTS * 0.8, posted
    assert len(run.opted_out) >= 5
    assert len(run.void_since) >= 10

"""G9: a STOP against the send of a text to the same number, again and again; STOP_RACES says how often (40)."""

import os
import random
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest

from kernel.ids import new_id
from services.notify.sending.sms_http import SmsHttp
from tests.conftest import DatabaseFactory
from tests.notify.people import book, submit
from tests.notify.standing import TUESDAY_TEN, StandIns, standing
from tests.notify.test_hooks import inbound

RACES = int(os.environ.get("STOP_RACES", "40"))
AT_ONCE = 20
CONFIRMS = "no more texts"
FAST = {"SMS_PER_SECOND": "100000", "SMS_PER_DAY": "1000000"}


class Watched:
    """A transmission whose start is noted."""

    def __init__(self, inner: Any, phone: str, started: dict[str, list[float]]) -> None:
        self._inner, self._phone, self._started = inner, phone, started
        self.open, self.abandon, self.finish = inner.open, inner.abandon, inner.finish

    def start(self) -> None:
        self._started[self._phone].append(time.monotonic())
        self._inner.start()


@pytest.mark.fault("F39")
@pytest.mark.capability("N9")
def test_no_post_starts_after_a_stop_was_answered(
    database: DatabaseFactory, notify_stand_ins: StandIns
) -> None:
    started: dict[str, list[float]] = defaultdict(list)
    stopped: dict[str, float] = {}
    going = threading.Event()
    prepare = SmsHttp.prepare

    def watched(self: SmsHttp, letters: Any) -> list[Any]:
        made = prepare(self, letters)
        going.set()
        return [
            # The confirmation of the opt-out is the one text that may start after it.
            Watched(item, letter.address.reveal(), started)
            if hasattr(item, "start") and CONFIRMS not in letter.text
            else item
            for item, letter in zip(made, letters, strict=True)
        ]

    dice = random.Random(RACES)
    with (
        standing(database("notify"), notify_stand_ins, more=FAST) as notify,
        mock.patch.object(SmsHttp, "prepare", watched),
        ThreadPoolExecutor(8) as pool,
    ):

        def stop(phone: str, delay: float) -> None:
            # Half of them come while the sender is between its commit and the wire, or just behind it.
            if delay > 0.05:
                going.wait(10)
            time.sleep(delay % 0.05)
            assert inbound(notify, "STOP", sender=phone) == 204
            stopped[phone] = time.monotonic()

        def booked(number: int) -> str:
            phone = f"+1913{number:07d}"
            patient = submit(notify, phone=phone, email="", consent_email=False)
            book(notify, patient, TUESDAY_TEN + timedelta(days=9))
            return phone

        # Both ends of the race for certain, however the machine deals the others out.
        before, after = booked(9_000_000), booked(9_000_001)
        stop(before, 0)
        notify.work[0].run(new_id())
        stop(after, 0)
        for first in range(0, RACES, AT_ONCE):
            phones = [booked(first + number) for number in range(min(AT_ONCE, RACES - first))]
            going.clear()
            sender = threading.Thread(target=notify.work[0].run, args=(new_id(),))
            sender.start()
            list(pool.map(stop, phones, [dice.random() * 0.1 for _ in phones]))
            sender.join()
            notify.work[0].run(new_id())
        reminders = {phone: sum(CONFIRMS not in text for text in notify.texts_to(phone)) for phone in stopped}
        out = notify.rows("SELECT count(*) AS n FROM contact_point WHERE opted_out_at IS NOT NULL")[0].n
        waiting = notify.rows(
            "SELECT 1 FROM planned_message WHERE state IN ('due', 'held') AND step <> 'opt_out_confirmed'"
        )
    assert [phone for phone, at in stopped.items() if any(start > at for start in started[phone])] == []
    assert set(reminders.values()) == {0, 1}
    assert (reminders[before], reminders[after], len(started[after])) == (0, 1, 1)
    assert (len(stopped), out) == (RACES + 2, RACES + 2)
    assert waiting == []
    if "STOP_RACES" in os.environ:
        raced = {count for phone, count in reminders.items() if phone not in (before, after)}
        assert raced == {0, 1}, "of so many races some must have gone either way"

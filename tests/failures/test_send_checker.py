"""The checker finds each planted lie; a checker that cannot fail proves nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.failures.send_checker import History, Message, Post, check_sends

NOON = 1_800_000_000.0 - 1_800_000_000.0 % 86_400 + 18 * 3600
SENT = Message("m1", ("visit", 1, "booked", "sms"), "sent", "", True, frozenset({"a1"}))


def clean() -> History:
    return History(
        posts=[Post("a1", "+1", NOON, True)],
        messages=[SENT],
        moves={"m1": ["due", "sending", "sent", "delivered"]},
        opted_out={},
        void_since={},
        zones={"+1": "America/Chicago"},
        offset=timedelta(),
    )


def twice(h: History) -> None:
    h.messages = [replace(SENT, attempts=frozenset({"a1", "a2"}))]
    h.posts = [*h.posts, Post("a2", "+1", NOON + 1, True)]


def after_opt_out(h: History) -> None:
    h.opted_out = {"+1": NOON - 1}


def at_night(h: History) -> None:
    h.offset = timedelta(hours=12)


def void(h: History) -> None:
    h.void_since = {("visit", 1): NOON - 0.5}


def lost(h: History) -> None:
    h.messages = [*h.messages, Message("m2", ("visit", 1, "1_day", "sms"), "due", "", True, frozenset())]


def silent(h: History) -> None:
    h.messages = [*h.messages, Message("m2", ("visit", 1, "1_day", "sms"), "expired", "", True, frozenset())]


def invented(h: History) -> None:
    h.posts = []


def backwards(h: History) -> None:
    h.moves = {"m1": ["due", "sending", "delivered", "sent"]}


def test_a_clean_run_has_no_findings() -> None:
    assert check_sends(clean()) == []


@pytest.mark.parametrize(
    ("plant", "finding"),
    [
        (twice, "I2"),
        (after_opt_out, "I3"),
        (at_night, "I4"),
        (void, "I5"),
        (lost, "I7 never"),
        (silent, "I7 no reason"),
        (invented, "I7 called"),
        (backwards, "I9"),
    ],
)
def test_each_planted_bug_is_found(plant: Callable[[History], None], finding: str) -> None:
    history = clean()
    plant(history)
    assert [found.startswith(finding) for found in check_sends(history)] == [True]

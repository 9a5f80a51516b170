"""One carrier and mailbox a module; a fresh notify service each test."""

from collections.abc import Iterator

import pytest

from tests.conftest import DatabaseFactory
from tests.notify.standing import Standing, StandIns, stand_ins, standing


@pytest.fixture(scope="module")
def notify_stand_ins() -> Iterator[StandIns]:
    with stand_ins() as others:
        yield others


@pytest.fixture
def notify(database: DatabaseFactory, notify_stand_ins: StandIns) -> Iterator[Standing]:
    """A fresh service at Tuesday 10:00 in Chicago."""
    with standing(database("notify"), notify_stand_ins) as running:
        yield running


@pytest.fixture
def amazon_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that Amazon's stand-in takes, as a clinic has them."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "for-tests")

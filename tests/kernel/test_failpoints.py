from collections.abc import Iterator

import pytest

from kernel.failpoints import FailpointRaised, arm, failpoint


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm("")


def test_an_unarmed_failpoint_does_nothing() -> None:
    failpoint("anything")


def test_an_armed_one_fails_as_often_as_asked() -> None:
    arm("post=raise:0.5", seed=1)
    failed = 0
    for _ in range(400):
        try:
            failpoint("post")
        except FailpointRaised:
            failed += 1
    assert 150 < failed < 250


def test_an_unknown_deed_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown deed"):
        arm("post=explode")

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

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


def test_processes_forked_from_one_throw_dice_of_their_own() -> None:
    """Else each of a Celery worker's children dies at the same call of its life, however often it is started again."""
    arm("post=raise:0.5", seed=11)

    def life() -> list[bool]:
        with ProcessPoolExecutor(1, mp_context=get_context("fork")) as child:
            return child.submit(_falls, 200).result(timeout=60)

    assert life() != life()


def _falls(times: int) -> list[bool]:
    found = []
    for _ in range(times):
        try:
            failpoint("post")
            found.append(False)
        except FailpointRaised:
            found.append(True)
    return found

"""Many threads, one run: everybody gets the answer to their own item, and pays for nobody else's failure."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from kernel.shared_run import SharedRun

PATIENCE = 30.0


def test_those_who_wait_for_a_run_share_the_next_one_and_get_their_own_answers() -> None:
    runs: list[int] = []
    first_is_in, go_on = threading.Event(), threading.Event()

    def run(items: Sequence[int]) -> list[int]:
        runs.append(len(items))
        if len(runs) == 1:
            first_is_in.set()
            assert go_on.wait(PATIENCE)
        return [item * item for item in items]

    shared = SharedRun(run, most=25)
    with ThreadPoolExecutor(41) as pool:
        first = pool.submit(shared, 1)
        assert first_is_in.wait(PATIENCE)
        others = [pool.submit(shared, item) for item in range(2, 42)]
        while len(shared._waiting) < 40:
            pass
        go_on.set()
        assert first.result(PATIENCE) == 1
        assert [other.result(PATIENCE) for other in others] == [item * item for item in range(2, 42)]
    assert runs == [1, 25, 15]


def test_an_item_that_cannot_be_done_fails_only_whoever_brought_it() -> None:
    first_is_in, go_on = threading.Event(), threading.Event()

    def run(items: Sequence[int]) -> list[int]:
        if items == [0]:
            first_is_in.set()
            assert go_on.wait(PATIENCE)
        if 3 in items:
            raise ValueError(3)
        return list(items)

    shared = SharedRun(run)
    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(shared, 0)
        assert first_is_in.wait(PATIENCE)
        others = {item: pool.submit(shared, item) for item in range(1, 6)}
        while len(shared._waiting) < 5:
            pass
        go_on.set()
        assert first.result(PATIENCE) == 0
        for item, other in others.items():
            if item == 3:
                with pytest.raises(ValueError, match="3"):
                    other.result(PATIENCE)
            else:
                assert other.result(PATIENCE) == item
    assert shared(7) == 7

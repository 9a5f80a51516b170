"""Many threads, one transaction: what several requests want at the same moment is done in one run for all of them."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

A = TypeVar("A")
B = TypeVar("B")


@dataclass(slots=True)
class _Wish(Generic[A]):
    item: A
    answer: object = None
    error: Exception | None = None
    done: bool = False


class SharedRun(Generic[A, B]):
    """Calls `run` with the items of all threads that wait for it, at most `most` at once; one run at a time.

    Who comes while a run is under way waits for it and goes with the next: a lone caller pays nothing for it, and
    under load the price of a commit is shared. When a run of several fails, each item is run by itself, so that an
    item that cannot be done fails only whoever brought it.
    """

    def __init__(self, run: Callable[[Sequence[A]], Sequence[B]], most: int = 100) -> None:
        self._run = run
        self._most = most
        self._waiting: list[_Wish[A]] = []
        self._adding = threading.Lock()
        self._turn = threading.Lock()

    def __call__(self, item: A) -> B:
        """Return the answer to `item` once its run has ended; raises what its run raised."""
        wish = _Wish(item)
        with self._adding:
            self._waiting.append(wish)
        with self._turn:
            while not wish.done:
                with self._adding:
                    batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                self._fulfil(batch)
        if wish.error is not None:
            raise wish.error
        return cast(B, wish.answer)

    def _fulfil(self, batch: list[_Wish[A]]) -> None:
        try:
            answers = self._run([wish.item for wish in batch])
            for wish, answer in zip(batch, answers, strict=True):
                wish.answer = answer
        except Exception as error:  # handed to the thread that asked
            if len(batch) > 1:
                for wish in batch:
                    self._fulfil([wish])
            else:
                batch[0].error = error
        except BaseException:
            # The process is ending: nobody may go on waiting for this run.
            for wish in batch:
                wish.error = RuntimeError("the run was ended from outside")
            raise
        finally:
            for wish in batch:
                wish.done = True

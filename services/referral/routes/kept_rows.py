"""Rows of the worklist as they were last written out: a list is looked at far more often than its rows change.

A row is kept under what its text depends on: which writing of the row it is, its flags, the reader's role and the day.
So a row that changed is never shown as it was, and nobody is shown what another role may see. Kept in this process's
memory alone, for some minutes (docs/decisions/0205-worklist-rows-are-kept-as-written.md).
"""

import threading
import time
from collections.abc import Hashable

MOST = 2_000
SECONDS = 300.0


class KeptRows:
    """Texts by key. Two generations: what nobody asked for during one, five minutes at most, is gone with the next."""

    def __init__(self, most: int = MOST, seconds: float = SECONDS) -> None:
        self._most, self._seconds = most, seconds
        self._lock = threading.Lock()
        self._young: dict[Hashable, str] = {}
        self._old: dict[Hashable, str] = {}
        self._since = time.monotonic()

    def get(self, key: Hashable) -> str | None:
        """Return the text, or None."""
        self._age()
        found = self._young.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            self._young[key] = found
        return found

    def put(self, key: Hashable, text: str) -> None:
        """Keep the text."""
        self._young[key] = text

    def _age(self) -> None:
        if not self._is_over():
            return
        with self._lock:
            # Asked again behind the lock: of two that found it over, the second would throw the old generation away.
            if not self._is_over():
                return
            self._old, self._young, self._since = self._young, {}, time.monotonic()

    def _is_over(self) -> bool:
        return len(self._young) >= self._most or time.monotonic() - self._since >= self._seconds

"""What other programs did to the machine while something was measured: a figure from a busy machine says so."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress

import psutil


class OtherLoad:
    """Counts from the moment it is made; `roots` are the process numbers whose trees are ours, this one among them."""

    def __init__(self, roots: Sequence[int]) -> None:
        self._roots = (*roots, os.getpid())
        self._began = time.monotonic()
        self._busy, self._own = _busy_seconds(), self._own_seconds()

    def percent(self) -> float:
        """Return the share of all cores that programs not ours have used since."""
        possible = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        others = (_busy_seconds() - self._busy) - (self._own_seconds() - self._own)
        return max(0.0, others / possible * 100) if possible else 0.0

    def _own_seconds(self) -> float:
        used: dict[int, float] = {}
        for root in self._roots:
            for process in [psutil.Process(root), *psutil.Process(root).children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    times = process.cpu_times()
                    used[process.pid] = (
                        times.user + times.system + times.children_user + times.children_system
                    )
        return sum(used.values())


def _busy_seconds() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)

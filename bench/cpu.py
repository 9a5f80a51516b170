"""Who used the processor during a measurement: our processes by name, and everybody else."""

import os
import time
from collections.abc import Sequence

import psutil

from bench.clinic import BenchClinic


class CpuMeter:
    """Processor time from `start` on. `names` are the clinic's processes; a restarted one counts from its start."""

    def __init__(self, clinic: BenchClinic, names: Sequence[str]) -> None:
        self._clinic = clinic
        self._names = names
        self._before: dict[str, float] = {}
        self._machine = (0.0, 0.0, 0.0)

    def start(self) -> None:
        """Begin to count."""
        self._before = {name: self._clinic.cpu_seconds(name) for name in self._names}
        self._machine = (time.perf_counter(), _busy_seconds(), _clinic_seconds())

    def ms_each(self, count: int) -> dict[str, float]:
        """Return milliseconds of processor time per item and process since `start`, for `count` items."""
        return {
            name: max(0.0, self._clinic.cpu_seconds(name) - used) / max(1, count) * 1000
            for name, used in self._before.items()
        }

    def others_percent(self) -> float:
        """Return the share of the machine that programs outside this benchmark used since `start`, in per cent."""
        began, busy, ours = self._machine
        span = (time.perf_counter() - began) * (os.cpu_count() or 1)
        return max(0.0, (_busy_seconds() - busy) - (_clinic_seconds() - ours)) / span * 100


def _busy_seconds() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))


def _clinic_seconds() -> float:
    """This process and all it started: the clinic, the limits, the load."""
    used = 0.0
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        used += times.user + times.system
    return used

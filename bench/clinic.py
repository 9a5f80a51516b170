"""A whole clinic for the benchmarks, in its own folder and on its own ports, without the demo patients."""

import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench.other_load import OtherLoad
from kernel import timings
from local import databases
from local.demo.hands import Hands
from local.process_environment import Stack
from tests.stack import RunningStack, running_stack


class BenchClinic:
    """A running clinic; `hands` calls its APIs, `cpu_seconds` says what a service's processes have used."""

    def __init__(self, running: RunningStack, started_in: float, most_rows: int) -> None:
        self.running = running
        self.started_in = started_in
        self.most_rows = most_rows
        self.stack: Stack = running.settings
        self.hands = Hands(running.settings)

    @property
    def bare_database_url(self) -> str:
        """The administrator's database on the clinic's own PostgreSQL: the limits use the same server."""
        return databases.admin_address(self.stack.admin_url, "postgres")

    @property
    def carrier_log(self) -> Path:
        """The file in which the carrier writes down all that reaches it."""
        return self.stack.places.var / "carrier.jsonl"

    def cpu_seconds(self, *names: str) -> float:
        """Return the processor time used so far by the named processes and their children."""
        used = 0.0
        for name in names:
            root = psutil.Process(self.running.pid(name))
            for process in [root, *root.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):  # PostgreSQL's own helpers come and go
                    times = process.cpu_times()
                    used += times.user + times.system
        return used

    def behind_the_web(self) -> list[str]:
        """Return the names of the relays and workers: what goes on after a request is answered."""
        return [name for name in self.running.state()["processes"] if name.endswith(("-relay", "-worker"))]

    def other_load(self) -> OtherLoad:
        """Begin to count what programs do that are neither the clinic nor the bench."""
        return OtherLoad([self.running.process.pid])

    def rows(self, service: str, statement: str) -> list[tuple[Any, ...]]:
        """Return what `statement` selects from `service`'s database."""
        with psycopg.connect(self.stack.app_url(service)) as connection:
            return connection.execute(statement).fetchall()

    def signal_trees(self, roots: Sequence[int], number: signal.Signals) -> None:
        """Send `number` to these processes and their children."""
        for root in roots:
            for process in [psutil.Process(root), *psutil.Process(root).children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(number)

    @contextmanager
    def held(self, *names: str) -> Iterator[None]:
        """Hold the named processes still for a while; the watchdog, who replaces the silent, is kept content."""
        roots = [self.running.pid(name) for name in names]
        workers = [name.removesuffix("-worker") for name in names if name.endswith("-worker")]
        over = threading.Event()
        stamps = threading.Thread(target=self._stamp, args=(workers, over))
        self.signal_trees(roots, signal.SIGSTOP)
        stamps.start()
        try:
            yield
        finally:
            over.set()
            stamps.join()
            self.signal_trees(roots, signal.SIGCONT)

    def _stamp(self, services: Sequence[str], over: threading.Event) -> None:
        while True:
            for service in services:
                with psycopg.connect(self.stack.owner_url(service)) as connection:
                    connection.execute("UPDATE worker_canary SET stamped_at = now()")
            if over.wait(timings.CANARY_STALE_SECONDS / 3):
                return


@contextmanager
def bench_clinic(most_rows: int = 1_000_000) -> Iterator[BenchClinic]:
    """Start a clinic with 2 web processes of 4 threads a service, as LIMIT-1's server has.

    The pace asked of the carriers is lifted: what is measured is ours. `most_rows` bounds the legs that fill tables.
    """
    environment = {
        "WAYMARK_DEMO_PATIENTS": "0",
        "WEB_WORKERS": "2",
        "WEB_THREADS": "4",
        "SMS_PER_SECOND": "100000",
        "MAIL_PER_SECOND": "100000",
    }
    began = time.monotonic()
    with running_stack(environment) as running:
        yield BenchClinic(running, time.monotonic() - began, most_rows)

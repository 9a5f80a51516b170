"""A whole clinic for the benchmarks, in its own folder and on its own ports, without the demo patients."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import psycopg

from local import databases
from local.demo.hands import Hands
from local.process_environment import Stack
from tests.stack import RunningStack, running_stack


class BenchClinic:
    """A running clinic; `hands` calls its APIs, `cpu_seconds` says what a service's processes have used."""

    def __init__(self, running: RunningStack) -> None:
        self.running = running
        self.stack: Stack = running.settings
        self.hands = Hands(running.settings)

    @property
    def bare_database_url(self) -> str:
        """The administrator's database on the clinic's own PostgreSQL: the limits use the same server."""
        return databases.admin_address(self.stack.admin_url, "postgres")

    def cpu_seconds(self, *names: str) -> float:
        """Return the processor time used so far by the named processes and their children."""
        used = 0.0
        for name in names:
            root = psutil.Process(self.running.pid(name))
            for process in [root, *root.children(recursive=True)]:
                times = process.cpu_times()
                used += times.user + times.system
        return used

    def rows(self, service: str, statement: str) -> list[tuple[Any, ...]]:
        """Return what `statement` selects from `service`'s database."""
        with psycopg.connect(self.stack.app_url(service)) as connection:
            return connection.execute(statement).fetchall()


@contextmanager
def bench_clinic() -> Iterator[BenchClinic]:
    """Start a clinic with 2 web processes of 4 threads a service, as LIMIT-1's server has."""
    with running_stack({"WAYMARK_DEMO_PATIENTS": "0", "WEB_WORKERS": "2", "WEB_THREADS": "4"}) as running:
        yield BenchClinic(running)

"""A whole clinic to break: started in a folder of its own, stopped, started again on another day."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, LiteralString

import httpx
import psutil
import psycopg
import redis

from local.child import die_with_parent
from local.demo.hands import Hands
from local.places import ROOT, Places
from local.process_environment import Stack
from tests.stack import RunningStack, when_ready

WORKING = ("intake", "referral", "notify")
# Nothing waits for a pace but the faults, and no demo patient stands among those that are counted.
ENVIRONMENT = {"WAYMARK_DEMO_PATIENTS": "0", "SMS_PER_SECOND": "100000", "MAIL_PER_SECOND": "100000"}


class Clinic:
    """A running clinic. `var` survives `stop`; `start` finds its data again."""

    def __init__(self, folder: Path, port: int, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.port = port
        self._environment = {**ENVIRONMENT, **(environment or {})}
        self._running: RunningStack | None = None
        self.starts = 0

    @property
    def running(self) -> RunningStack:
        assert self._running is not None, "the clinic is not running"
        return self._running

    @property
    def stack(self) -> Stack:
        return self.running.settings

    @property
    def places(self) -> Places:
        return Places(self.folder / "var")

    @property
    def records(self) -> Path:
        """Where the run's own records are: beside the clinic's disk, which a fault may fill."""
        return self.folder.parent

    @property
    def output(self) -> Path:
        """What the supervisor said since the last start."""
        return self.records / f"up-{self.starts}.log"

    def start(self) -> float:
        """Start, and return after how many seconds everything was ready."""
        began = time.monotonic()
        self.starts += 1
        outside = {"DATABASE_URL", "REDIS_URL"}
        environment = {name: value for name, value in os.environ.items() if name not in outside}
        environment |= {"WAYMARK_VAR": str(self.places.var), **self._environment}
        with self.output.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "local.cli", "up", "--port", str(self.port)],
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=environment,
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - one system call
            )
        self._running = when_ready(self.places, process, self.output)
        return time.monotonic() - began

    def stop(self) -> None:
        """Stop in order, as Ctrl-C does."""
        process = self.running.process
        process.terminate()
        try:
            process.wait(90)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        self._running = None

    def set_clock(self, seconds_later: int) -> None:
        """Move the stopped clinic's business time on; the next start begins there."""
        file = self.places.clock_file
        kept = json.loads(file.read_text(encoding="utf-8"))
        kept["offset_seconds"] += seconds_later
        file.write_text(json.dumps(kept), encoding="utf-8")

    def hands(self) -> Hands:
        return Hands(self.stack)

    def rows(self, service: str, statement: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
        """Return what `statement` selects from `service`'s database; raises psycopg.Error while it is down."""
        with psycopg.connect(self.stack.app_url(service), connect_timeout=3) as connection:
            return connection.execute(statement, values).fetchall()

    def pid(self, name: str) -> int | None:
        """The process number of `name`, or None while it is being started again."""
        with suppress(OSError, ValueError, KeyError):
            found = self.running.state()["processes"][name]["pid"]
            return int(found) if found else None
        return None

    def signal(self, name: str, number: signal.Signals, *, children: bool = False) -> bool:
        """Send `number` to process `name` (and what it forked); False when it was not there to be hit."""
        pid = self.pid(name)
        if pid is None:
            return False
        try:
            process = psutil.Process(pid)
            hit = [process, *(process.children(recursive=True) if children else ())]
            for one in hit:
                with suppress(psutil.NoSuchProcess):
                    one.send_signal(number)
        except psutil.NoSuchProcess:
            return False
        return True

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """SIGSTOP process `name` and its children for a while."""
        self.signal(name, signal.SIGSTOP, children=True)
        try:
            yield
        finally:
            self.signal(name, signal.SIGCONT, children=True)

    def child_of(self, name: str) -> int | None:
        """One of the processes that `name` forked (a gunicorn or Celery child), or None."""
        pid = self.pid(name)
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(pid).children() if pid else []
            return children[0].pid if children else None
        return None

    def redis(self) -> "redis.Redis":
        return redis.Redis.from_url(self.stack.redis_url, socket_timeout=3)

    def carrier(self) -> httpx.Client:
        return httpx.Client(base_url=f"http://127.0.0.1:{self.stack.ports['carrier']}", timeout=10)

    def mailbox(self) -> httpx.Client:
        return httpx.Client(base_url=f"http://127.0.0.1:{self.stack.ports['mailbox']}", timeout=10)

    def answers(self, service: str, path: str = "/ready") -> bool:
        """Whether the service says 200 now."""
        try:
            found = httpx.get(self.stack.service_url(service) + path, timeout=5, trust_env=False)
        except httpx.HTTPError:
            return False
        return found.status_code == 200

    def wait_for(self, condition: Any, seconds: float) -> float | None:
        """Ask `condition()` until it holds; after how many seconds it did, or None when it did not in time."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if condition():
                return time.monotonic() - began
            time.sleep(0.05)
        return None

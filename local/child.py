"""One supervised process: how it is started so that it cannot outlive us, and how it is ended."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
LOG_BYTES = 10_000_000


@dataclass(frozen=True)
class ProcessSpec:
    """What to run. Stages start in rising and stop in falling order.

    `service` and `leases` say whose rows this process may hold leases on; `prepare` runs before each start.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    stage: int = 1
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    folder: Path = Path("/")
    user: str | None = None
    service: str = ""
    leases: bool = False
    prepare: Callable[[], None] | None = None


class Child:
    """A started process, leader of its own session, so that everything it starts can be ended with it."""

    def __init__(self, spec: ProcessSpec, log_path: Path, worker_id: str) -> None:
        self.spec = spec
        self.worker_id = worker_id
        self.started = time.monotonic()
        environment = {**spec.environment, "WORKER_ID": worker_id} if spec.leases else dict(spec.environment)
        with log_path.open("ab") as log:
            self.popen = subprocess.Popen(
                spec.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=spec.folder,
                env=environment,
                user=spec.user,
                group=spec.user,
                extra_groups=[] if spec.user else None,
                start_new_session=True,
                # One system call and nothing else runs there, so the watchdog's thread cannot hold it up.
                preexec_fn=die_with_parent(spec.stop_signal),  # noqa: PLW1509
            )

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def seconds_up(self) -> float:
        return time.monotonic() - self.started

    def ended(self) -> bool:
        """Return whether the process is gone (and has been waited for)."""
        return self.popen.poll() is not None

    def ask_to_stop(self) -> None:
        with suppress(ProcessLookupError):
            self.popen.send_signal(self.spec.stop_signal)

    def end_group(self) -> None:
        """Kill whatever of its session is left: children of a killed parent would go on without one."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self.popen.wait(5)

    def how_it_ended(self) -> str:
        """Return a few words for the terminal: `exit code 1`, `killed by SIGKILL`."""
        code = self.popen.returncode
        if code is not None and code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"exit code {code}"


def die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """Return what asks Linux to signal the child when we are gone, even by SIGKILL; None on other systems."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # we died between the fork and the request
            os._exit(1)

    return ask


def turn_log(path: Path) -> None:
    """Keep one earlier log beside a log that has grown beyond 10 MB."""
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))

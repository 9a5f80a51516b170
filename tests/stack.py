"""A whole clinic of a test's own: `waymark up` in a folder of its own, on ports of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import prepare
from local.child import die_with_parent
from local.places import ROOT, Places
from local.process_environment import Stack
from local.up import ask_ready
from tests.servers import free_port

START_SECONDS = 150.0


@dataclass
class RunningStack:
    """A started stack; `settings` has its ports, addresses and database roles."""

    settings: Stack
    process: "subprocess.Popen[bytes]"
    output: Path

    @property
    def address(self) -> str:
        return self.settings.public_url

    @property
    def places(self) -> Places:
        return self.settings.places

    def state(self) -> dict[str, Any]:
        """Return the supervisor's own account: `processes` by name with pid, state and number of starts."""
        found: dict[str, Any] = json.loads(self.places.state_file.read_text(encoding="utf-8"))
        return found

    def pid(self, name: str) -> int:
        """Return the process number of `name`, waiting until it runs."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            pid = self.state()["processes"][name]["pid"]
            if isinstance(pid, int):
                return pid
            time.sleep(0.05)
        raise AssertionError(f"{name} does not run")

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send `number` to process `name`; returns the process number it had."""
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    def wait_ready(self, seconds: float = 60.0) -> float:
        """Return after how many seconds every part says it is ready; fails with what is missing."""
        began = time.monotonic()
        parts: dict[str, dict[str, Any]] = {}
        while time.monotonic() - began < seconds:
            parts = ask_ready(self.settings.ports["gateway"])
            if parts and all(part.get("http_status") == 200 for part in parts.values()):
                return time.monotonic() - began
            time.sleep(0.1)
        raise AssertionError(f"not ready after {seconds:.0f} s: {parts}\n{self.log_ends()}")

    def app_url(self, service: str) -> str:
        """Return the address of `service`'s database as its app role."""
        return self.settings.app_url(service)

    def log_ends(self, lines: int = 15) -> str:
        """Return the end of every log, for a failing test's message."""
        ends = []
        for path in [self.output, *sorted(self.places.logs.glob("*.log"))]:
            text = path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
            ends.append(f"--- {path.name}\n" + "\n".join(text))
        return "\n".join(ends)

    def get(self, path: str) -> tuple[int, bytes]:
        """GET `path` at the gateway; returns status and body."""
        request = urllib.request.Request(self.address + path)
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                return int(answer.status), answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()


@contextmanager
def running_stack(extra_environment: Mapping[str, str] | None = None) -> Iterator[RunningStack]:
    """Start a whole stack, yield it ready, stop it and check that nothing is left."""
    folder = Path(tempfile.mkdtemp(prefix="wm-stack-"))
    var, output = folder / "var", folder / "up.log"
    port = free_port()
    outside = {"DATABASE_URL", "REDIS_URL"}
    environment = {name: value for name, value in os.environ.items() if name not in outside}
    environment |= {"WAYMARK_VAR": str(var), **(extra_environment or {})}
    with output.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.cli", "up", "--port", str(port)],
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env=environment,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
    try:
        yield when_ready(Places(var), process, output)
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def when_ready(places: Places, process: "subprocess.Popen[bytes]", output: Path) -> RunningStack:
    """Return the stack that `process` (`waymark up`) starts, once it says so; fails with the ends of its logs."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if "    Open http" in output.read_text(encoding="utf-8"):
            return RunningStack(prepare.read_stack(prepare.settings_file(places)), process, output)
        time.sleep(0.1)
    ends = "".join(
        f"--- {path.name}\n{path.read_text(encoding='utf-8', errors='replace')[-1500:]}\n"
        for path in sorted(places.logs.glob("*.log"))
    )
    raise AssertionError(f"the stack did not start:\n{output.read_text(encoding='utf-8')}\n{ends}")

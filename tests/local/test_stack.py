"""The whole clinic with one command: ready, found again after a crash, stopped without a trace."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from local import postgres
from local.places import ROOT, Places
from local.supervisor import STACK_MARK
from tests.servers import free_port
from tests.stack import RunningStack, when_ready

pytestmark = pytest.mark.xdist_group("whole-stack")
DEMO_PATIENTS = 60


@pytest.fixture
def places() -> Iterator[Places]:
    with tempfile.TemporaryDirectory(prefix="wm-stack-", ignore_cleanup_errors=True) as name:
        yield Places(Path(name) / "var")
        for process in belonging(Places(Path(name) / "var")):
            process.kill()


def start(places: Places, port: int) -> RunningStack:
    output = places.var.parent / f"up-{time.monotonic_ns()}.log"
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    with output.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.cli", "up", "--port", str(port)],
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env={**kept, "WAYMARK_VAR": str(places.var)},
        )
    return when_ready(places, process, output)


def belonging(places: Places) -> list[psutil.Process]:
    """Every process of this stack, by its environment, and its database server."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                continue
            ours = (
                process.environ().get(STACK_MARK) == str(places.var)
                or str(places.postgres) in process.cmdline()
            )
        except psutil.Error:
            continue
        if ours:
            found.append(process)
    return found


def patients(stack: RunningStack) -> int:
    with psycopg.connect(stack.app_url("intake")) as connection:
        row = connection.execute("SELECT count(*) FROM patient").fetchone()
    assert row is not None
    return int(row[0])


def wait_for_patients(stack: RunningStack, number: int) -> None:
    deadline = time.monotonic() + 120
    while patients(stack) < number:
        assert time.monotonic() < deadline, stack.log_ends()
        time.sleep(0.5)


@pytest.mark.capability("P5", "A5")
def test_one_command_brings_up_a_seeded_clinic_that_survives_a_crash_and_stops_without_a_trace(
    places: Places,
) -> None:
    port = free_port()
    first = start(places, port)
    wait_for_patients(first, DEMO_PATIENTS)
    with psycopg.connect(first.app_url("notify")) as connection:
        told = connection.execute("SELECT count(*) FROM staff_contact WHERE on_call").fetchone()
    assert told == (4,), "a call-back of the demo has somebody to tell"
    status, page = first.get("/")
    assert status == 200
    assert b"example.test" in page, "the demo logins"
    for path in (
        "/intake/",
        "/phone",
        "/mail",
        "/api/intake/v1/openapi.json",
        "/api/referral/v1/openapi.json",
    ):
        assert first.get(path)[0] == 200, path
    secret = (places.secrets / "intake.data_keys.json").read_text()

    first.process.kill()  # the whole supervisor, without a chance to tidy up
    first.process.wait()
    again = start(places, port)
    assert again.settings.admin_url == first.settings.admin_url
    assert patients(again) >= DEMO_PATIENTS
    assert (places.secrets / "intake.data_keys.json").read_text() == secret

    again.process.send_signal(signal.SIGINT)
    assert again.process.wait(60) == 0
    assert "Traceback" not in again.output.read_text()
    assert not belonging(places)
    assert not postgres.answers(again.settings.admin_url)
    assert not places.state_file.exists()
    shutil.rmtree(places.var)

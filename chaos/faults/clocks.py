"""A machine whose clock is wrong: one more sender that believes it is another hour."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psycopg

from chaos.clinic import Clinic
from chaos.faults.fault import Facts, Fault
from local.child import die_with_parent
from local.places import ROOT
from local.process_environment import service_environment

STEPS = ("+1h", "-1h", "+5m", "+12h", "-12h")


def worker_with_a_wrong_clock(clinic: Clinic, dice: random.Random) -> Facts:
    """Start one more notify worker under faketime, let it send for a while, then kill it."""
    step = dice.choice(STEPS)
    worker_id = f"wrong-clock.{os.getpid()}.{time.time_ns()}"
    command = [
        "faketime",
        "-f",
        step,
        sys.executable,
        "-m",
        "celery",
        "-A",
        "services.notify.worker:celery_app",
    ]
    command += ["worker", "-Q", "notify.jobs", "-c", "1", "-n", f"{worker_id}@waymark"]
    command += ["--without-mingle", "--without-gossip", "--without-heartbeat", "-l", "WARNING"]
    environment = {**service_environment(clinic.stack, "notify"), "WORKER_ID": worker_id}
    with (clinic.places.logs / "notify-worker-wrong-clock.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - one system call
        )
    try:
        time.sleep(dice.uniform(10, 20))
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        # What a killed one leaves behind.
        for left in (f"faketime_shm_{process.pid}", f"sem.faketime_sem_{process.pid}"):
            Path("/dev/shm", left).unlink(missing_ok=True)
        # The supervisor reports the dead it started; this one is ours to report.
        for _ in range(100):
            with suppress(psycopg.Error), psycopg.connect(clinic.stack.app_url("notify")) as connection:
                connection.execute(
                    "INSERT INTO lost_worker (worker_id) VALUES (%s) ON CONFLICT DO NOTHING", (worker_id,)
                )
                break
            time.sleep(0.3)
    return {"victim": "notify-worker", "hit": True, "step": step}


def _no_faketime(_: Clinic) -> str:
    return "" if shutil.which("faketime") else "needs faketime (Debian: faketime)"


FAULTS = (
    Fault(
        "worker_with_a_wrong_clock",
        "clock",
        ("F50",),
        worker_with_a_wrong_clock,
        weight=0.4,
        lasts=True,
        packages=("faketime",),
        cannot=_no_faketime,
    ),
)

"""A disk that reports errors: fsync fails, as of a dying device. No root's device is needed, strace says it instead."""

import random
import shutil
import subprocess
import time
from contextlib import suppress

import psutil

from chaos.clinic import Clinic
from chaos.faults.fault import Facts, Fault

# A server that asks its disk for nothing within this time was not hit.
LONGEST_SECONDS = 20.0
TRACE = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync"]
# Both ask the disk, neither ends but with the server; sessions and autovacuum come and go by themselves.
LASTING = ("checkpointer", "walwriter")
FAIL = ["-e", "inject=fsync,fdatasync:error=EIO"]


def fail_an_fsync(clinic: Clinic, _: random.Random) -> Facts:
    """Answer every fsync of PostgreSQL with EIO until it panics and all its sessions are gone; then it recovers.

    After a failed fsync nobody knows what is on the disk: the server must not go on as if it had been written.
    """
    pid = clinic.pid("postgres")
    running: list[psutil.Process] = []
    with suppress(psutil.Error):
        running = psutil.Process(pid).children() if pid else []
    if not running:
        return {"victim": "disk of postgres", "hit": False}
    lasting = [one for one in running if lasts(one.pid)]
    attached = [part for process in (pid, *(one.pid for one in running)) for part in ("-p", str(process))]
    tracer = subprocess.Popen(
        [*TRACE, *FAIL, *attached], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        psutil.wait_procs(running, timeout=LONGEST_SECONDS)
    finally:
        tracer.terminate()
        tracer.wait()
    back = clinic.wait_for(lambda: clinic.answers("intake"), 120)
    # Idle sessions leave as well when the server panics; its logger, where there is one, does not.
    hit = any(not one.is_running() for one in lasting)
    return {"victim": "disk of postgres", "hit": hit, "recovered": back}


def lasts(pid: int) -> bool:
    """Whether this process of PostgreSQL ends only with its server, by the title it has given itself."""
    with suppress(psutil.Error):
        return any(name in " ".join(psutil.Process(pid).cmdline()).split() for name in LASTING)
    return False


def _no_strace(_: Clinic) -> str:
    if shutil.which("strace") is None:
        return "needs strace (Debian: strace)"
    # Tracing may be forbidden, as in most containers: tried on a process of our own.
    idle = subprocess.Popen(["sleep", "60"])
    try:
        tracer = subprocess.Popen(
            ["strace", "-qq", "-o", "/dev/null", "-e", "trace=none", "-p", str(idle.pid)],
            stderr=subprocess.PIPE,
        )
        time.sleep(0.3)
        refused = tracer.poll() is not None
        tracer.terminate()
        tracer.communicate()
    finally:
        idle.kill()
        idle.wait()
    return "needs leave to trace processes (ptrace)" if refused else ""


FAULTS = (
    Fault(
        "fail_an_fsync",
        "disk",
        ("F27",),
        fail_an_fsync,
        weight=0.4,
        packages=("strace",),
        cannot=_no_strace,
    ),
)

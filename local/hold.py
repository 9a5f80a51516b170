"""One supervisor for one `var` folder: an operating-system lock says so, so a stale file never can."""

import fcntl
import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from local.places import Places
from local.problem import Problem

STOP_SECONDS = 90.0


def take(places: Places) -> IO[str] | None:
    """Return the held lock (keep it open), or None when another supervisor has it."""
    file = places.lock_file.open("a", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def state(places: Places) -> dict[str, Any]:
    """Return what the running (or killed) supervisor wrote about itself; {} when there is nothing."""
    try:
        found: dict[str, Any] = json.loads(places.state_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def stop_running(places: Places) -> bool:
    """Stop the supervisor of `places` and wait for its end; False when none was running. Raises `Problem`."""
    if not places.lock_file.exists():
        return False
    held = take(places)
    if held is not None:
        held.close()
        return False
    pid = state(places).get("pid")
    if not isinstance(pid, int):
        raise Problem(
            f"Something holds {places.lock_file}, but does not say which process it is. Nothing was changed."
        )
    os.kill(pid, signal.SIGTERM)
    if _released(places, STOP_SECONDS):
        return True
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    if _released(places, 10):
        return True
    raise Problem(f"The supervisor (process {pid}) does not end. Nothing was deleted.")


def _released(places: Places, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        held = take(places)
        if held is not None:
            held.close()
            return True
        time.sleep(0.05)
    return False


def check_room(folder: Path, megabytes: int) -> None:
    """Raise `Problem` when the disk below `folder` has less than `megabytes` free."""
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize // 1_000_000
    if free < megabytes:
        raise Problem(
            f"The disk is nearly full: {free} MB free at {folder}, and the databases need {megabytes} MB to be safe. "
            "Nothing was started; free some space and run the command again."
        )

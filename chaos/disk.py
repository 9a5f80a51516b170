"""A folder that is a file system of its own where root may mount one, so that a fault can fill it.

Beside it, outside that file system, a run keeps its records: a full disk is the clinic's trouble, not the checker's.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """Yield an empty folder, at most `megabytes` large where that can be arranged; it and its parent go afterwards."""
    run = Path(tempfile.mkdtemp(prefix="wm-chaos-"))
    run.chmod(0o755)  # as root, PostgreSQL is another user
    folder = run / "disk"
    folder.mkdir(mode=0o755)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0
    try:
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=False, capture_output=True)
        shutil.rmtree(run, ignore_errors=True)

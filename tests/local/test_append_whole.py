"""What a stand-in wrote when the disk was full can be read back: whole lines, and nothing of the one that failed."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.append_whole import append_whole
from local.carrier.ledger import Ledger


class _Short:
    """A file of which each write takes three bytes, until there is room for `room` no more."""

    def __init__(self, path: Path, room: int) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._room = room

    def fileno(self) -> int:
        return self._handle

    def write(self, data: bytes) -> int:
        if self._room <= 0:
            raise OSError(28, "No space left on device")
        self._room -= 3
        return os.write(self._handle, data[:3])


def test_a_line_is_there_wholly_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    append_whole(_Short(path, 100), b"whole line\n", 0)  # type: ignore[arg-type]
    with pytest.raises(OSError, match="No space"):
        append_whole(_Short(path, 6), b"another line\n", 11)  # type: ignore[arg-type]
    assert path.read_bytes() == b"whole line\n"


@pytest.fixture
def full_soon() -> Iterator[Path]:
    """A file system with room for a few kilobytes, where one may be mounted; else a plain folder."""
    with tempfile.TemporaryDirectory() as name:
        command = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", name]
        mounted = (
            os.geteuid() == 0 and not subprocess.run(command, check=False, capture_output=True).returncode
        )
        yield Path(name)
        if mounted:
            subprocess.run(["umount", name], check=True)


@pytest.mark.fault("F26")
def test_the_carrier_reads_back_what_it_wrote_before_and_after_its_disk_was_full(full_soon: Path) -> None:
    ledger = Ledger(full_soon / "log.jsonl")
    kept = 0
    for number in range(300):
        try:
            ledger.record("post", float(number), to="+18165550100", body="x" * 100)
            kept += 1
        except OSError:
            break
    ledger.close()
    again = Ledger(full_soon / "log.jsonl")
    assert again.last_number == kept == len(list(again.events(limit=1000)))
    again.close()

"""Adds a line to a file that outlives a crash: wholly or not at all, also when the disk is full."""

import os
from io import FileIO


def append_whole(file: FileIO, line: bytes, size: int) -> None:
    """Append `line` to the unbuffered `file`, `size` bytes long; raises OSError, and leaves no half of it behind."""
    written = 0
    try:
        while written < len(line):
            written += file.write(line[written:]) or 0
    except OSError:
        os.truncate(file.fileno(), size)
        raise

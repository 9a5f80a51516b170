"""Connections to one address that are kept open between requests, each one thread's while in use."""

import ssl
import time
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import SplitResult, urlsplit

from services.notify.sending.line import Line

IDLE_SECONDS = 4.0


@dataclass
class LinePool:
    """The lines to `url` (its scheme, host and port)."""

    url: str
    _idle: list[Line] = field(default_factory=list)

    def take(self, deadline: float) -> Line | None:
        """Return a line to send on, connected until `deadline` (of `time.monotonic`); None when there is none."""
        while True:
            try:
                line = self._idle.pop()
            except IndexError:
                break
            if time.monotonic() - line.used_at < IDLE_SECONDS and not line.is_stale():
                return line
            line.close()
        try:
            return Line.open(self.address, self._context, max(0.05, deadline - time.monotonic()))
        except OSError:
            return None

    def give_back(self, line: Line) -> None:
        """Keep `line` for the next request, or close it when nothing may follow on it."""
        if line.reusable:
            self._idle.append(line)
        else:
            line.close()

    @cached_property
    def address(self) -> SplitResult:
        return urlsplit(self.url)

    @cached_property
    def _context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context() if self.address.scheme == "https" else None

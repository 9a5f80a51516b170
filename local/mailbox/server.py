"""Joins the mailbox's parts: SMTP on one port, pages and JSON on another."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.faults import FaultBook
from local.mailbox.letters import Letters
from local.mailbox.pages import MailPages
from local.mailbox.smtp import MODES, smtp_protocol
from local.wire import Listener, Request, Response


class BadSettingError(ValueError):
    """A setting is missing or cannot be; the message names it."""


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """The mailbox's settings; a port of 0 takes a free one."""

    smtp_port: int
    http_port: int
    folder: Path
    clock_offset_seconds: int = 0
    host: str = "127.0.0.1"


def read_settings(environment: Mapping[str, str] = os.environ) -> MailboxSettings:
    """Settings from `environment`; raises BadSettingError in one sentence."""
    numbers: dict[str, int] = {}
    for name, default in (
        ("MAILBOX_SMTP_PORT", ""),
        ("MAILBOX_HTTP_PORT", ""),
        ("CLOCK_OFFSET_SECONDS", "0"),
    ):
        try:
            numbers[name] = int(environment.get(name, "") or default)
        except ValueError:
            raise BadSettingError(f"{name} must be a whole number.") from None
        if name.endswith("PORT") and not 0 <= numbers[name] <= 65535:
            raise BadSettingError(f"{name} must be a port from 0 to 65535.")
    folder = environment.get("MAILBOX_DIR", "").strip()
    if not folder:
        raise BadSettingError("MAILBOX_DIR is not set; the mailbox needs a folder to keep e-mail in.")
    return MailboxSettings(
        smtp_port=numbers["MAILBOX_SMTP_PORT"],
        http_port=numbers["MAILBOX_HTTP_PORT"],
        folder=Path(folder),
        clock_offset_seconds=numbers["CLOCK_OFFSET_SECONDS"],
        host=environment.get("MAILBOX_HOST", "127.0.0.1"),
    )


class Mailbox:
    """The whole stand-in; `await start()` inside a running loop, `stop()` to end."""

    def __init__(self, settings: MailboxSettings) -> None:
        self._settings = settings
        self.book = FaultBook(MODES)
        self.letters = Letters(settings.folder)
        self._pages = MailPages(self.letters, self.book, settings.clock_offset_seconds)
        self._listener = Listener(self._answer, settings.host, settings.http_port)
        self._smtp: asyncio.Server | None = None
        self.smtp_port = settings.smtp_port

    @property
    def http_port(self) -> int:
        """The port of the pages."""
        return self._listener.port

    async def start(self) -> None:
        """Listen on both ports. Raises OSError when one is busy."""
        loop = asyncio.get_running_loop()
        self._smtp = await loop.create_server(
            lambda: smtp_protocol(self.letters, self.book), self._settings.host, self.smtp_port
        )
        self.smtp_port = self._smtp.sockets[0].getsockname()[1]
        await self._listener.open()

    def stop(self) -> None:
        """Stop listening and close the file."""
        if self._smtp is not None:
            self._smtp.close()
        self._listener.close()
        self.letters.close()

    def _answer(self, request: Request) -> Response:
        if request.path in ("/ready", "/live"):
            return Response(200, b"ok\n")
        if request.path in ("", "/", "/mail") or request.path.startswith("/mail/"):
            return self._pages.answer(request)
        return Response(404, b"There is no such page at the mailbox.\n")

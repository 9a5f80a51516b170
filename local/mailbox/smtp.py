"""The SMTP side: takes e-mail, or fails as told."""

import asyncio
import time
from typing import Any

from local.faults import Fault, FaultBook
from local.mailbox.letters import Letters
from local.mailbox.whole_letters import LARGEST_LETTER, WholeLetters

MODES = ("reject_451", "reject_550", "drop", "slow")


class Intake:
    """aiosmtpd's handler. A fault set `before` strikes at RCPT, one set `after` once the letter's data is in."""

    def __init__(self, letters: Letters, book: FaultBook) -> None:
        self._letters = letters
        self._book = book

    async def handle_EHLO(  # noqa: N802 - the name aiosmtpd looks for
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        """Say that commands may come together (RFC 2920): aiosmtpd takes them so, and does not say it."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_RCPT(  # noqa: N802 - the name aiosmtpd looks for
        self, server: Any, session: Any, envelope: Any, address: str, rcpt_options: list[str]
    ) -> str:
        """Answer one recipient."""
        refusal = await self._strike(server, "before", address)
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Answer one whole letter; `drop` set after stores it and answers nothing, a 4xx or 5xx stores nothing."""
        faults = self._striking("after", envelope.rcpt_tos[0])
        for fault in faults:
            if fault.mode.startswith("reject"):
                return _refusal(fault)
        summary = self._letters.keep(time.time(), envelope.mail_from, envelope.rcpt_tos, envelope.content)
        for fault in faults:
            if fault.mode == "slow":
                await asyncio.sleep(fault.seconds)
            else:
                _hang_up(server)
        return f"250 OK: kept as {summary.number}"

    async def _strike(self, server: Any, when: str, address: str) -> str | None:
        for fault in self._striking(when, address):
            if fault.mode == "slow":
                await asyncio.sleep(fault.seconds)
            elif fault.mode == "drop":
                _hang_up(server)
                return "421 dropped"
            else:
                return _refusal(fault)
        return None

    def _striking(self, when: str, address: str) -> list[Fault]:
        return [fault for fault in self._book.faults if fault.when == when and fault.fires(address)]


def smtp_protocol(letters: Letters, book: FaultBook) -> WholeLetters:
    """A protocol for one SMTP connection."""
    return WholeLetters(
        Intake(letters, book), data_size_limit=LARGEST_LETTER, enable_SMTPUTF8=True, hostname="localhost"
    )


def _refusal(fault: Fault) -> str:
    if fault.mode == "reject_451":
        return "451 4.3.0 Try again later"
    return "550 5.1.1 No such mailbox here"


def _hang_up(server: Any) -> None:
    server.transport.abort()

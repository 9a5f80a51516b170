"""A mail server by SMTP: one connection for a batch, the attempt's id as Message-ID."""

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kernel.personal import Personal
from kernel.timings import PROVIDER_CONNECT_SECONDS, PROVIDER_TOTAL_SECONDS
from services.notify.rules.provider_pace import Pace
from services.notify.sending.let_nothing_arrive_late import let_nothing_arrive_late
from services.notify.sending.letter_mime import letter_bytes, wire_address
from services.notify.sending.provider import Found, Letter, NoList, Outcome, Transmission

_DOT_FIRST = re.compile(rb"^\.", re.MULTILINE)
# The last letter is taken by then, and waits to be written down.
GOODBYE_SECONDS = 1.0
TAKEN_CODES = frozenset({250, 251})
DEAD_MAILBOX_CODES = frozenset({550, 551, 553, 556})


@dataclass
class SmtpMail:
    """One mail server. A batch shares one connection; letters on it go one after another."""

    host: str
    port: int
    sender: str
    sender_name: str
    pace: Pace
    user: str = ""
    password: Personal[str] | None = None
    tls: bool = True
    name: str = "smtp"
    channel: str = "email"
    waits_for_receipts: bool = False
    # One letter at a time on the one connection; a crash leaves no more of them in doubt than a batch holds.
    letters_at_once: int = 1
    letters_a_batch: int = 32
    marks_handover: bool = True

    def prepare(self, letters: Sequence[Letter]) -> list[Transmission | Outcome]:
        """Connect once for all letters; none was transmitted when that fails."""
        try:
            connection = smtplib.SMTP(timeout=PROVIDER_CONNECT_SECONDS)
            connection.connect(self.host, self.port)
            if connection.sock is not None:
                # A letter's end is a write of its own, which must not wait for the one before it to be acknowledged.
                connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                let_nothing_arrive_late(connection.sock)
            if self.tls:
                connection.starttls(context=ssl.create_default_context())
            connection.ehlo_or_helo_if_needed()
            if self.user and self.password is not None:
                connection.login(self.user, self.password.reveal())
        except (OSError, smtplib.SMTPException):
            return [Outcome("not_transmitted", code="connect") for _ in letters]
        session = _Session(connection, len(letters))
        return [_Mail(self, session, letter) for letter in letters]

    def find(self, address: Personal[str], since: datetime) -> list[Found]:
        """Mail servers keep no list to ask."""
        raise NoList("no list")

    def compose(self, letter: Letter) -> bytes:
        """The message of `letter` as it goes over the wire."""
        return letter_bytes(letter, self.sender, self.sender_name, datetime.now().astimezone())


@dataclass
class _Session:
    connection: smtplib.SMTP
    letters_left: int
    broken: bool = False
    # An envelope was opened for a letter that was then not allowed to go.
    has_open_envelope: bool = False

    def done(self, *, may_wait: bool = True) -> None:
        self.letters_left -= 1
        if self.broken or (self.letters_left == 0 and not may_wait):
            self.connection.close()
        elif self.letters_left == 0:
            try:
                if self.connection.sock is not None:
                    self.connection.sock.settimeout(GOODBYE_SECONDS)
                self.connection.quit()
            except (OSError, smtplib.SMTPException):
                self.connection.close()


class _Mail:
    """One letter in an SMTP session: its envelope is opened by `open`, its text handed over by `finish`."""

    def __init__(self, server: SmtpMail, session: _Session, letter: Letter) -> None:
        self._server = server
        self._session = session
        self._letter = letter
        self._text = b""

    def open(self) -> Outcome | None:
        end = self._open_envelope()
        if end is not None:
            self._session.done()
        return end

    def start(self) -> None:
        """Nothing is on the wire by then but the envelope, which delivers nothing."""

    def abandon(self) -> None:
        # Unsaid by the letter that follows: nothing is waited for under the fence.
        self._session.has_open_envelope = True
        self._session.done(may_wait=False)

    def finish(self) -> Outcome:
        outcome = self._hand_over()
        self._session.done()
        return outcome

    def _open_envelope(self) -> Outcome | None:
        if self._session.broken:
            return Outcome("not_transmitted", code="connect")
        connection = self._session.connection
        try:
            address = wire_address(self._letter.address.reveal())
        except ValueError:
            return Outcome("refused", code="address", permanent=True)
        commands = [
            f"MAIL FROM:{smtplib.quoteaddr(self._server.sender)}",
            f"RCPT TO:{smtplib.quoteaddr(address)}",
        ]
        if self._session.has_open_envelope:
            commands.insert(0, "RSET")
        try:
            self._wait_at_most(PROVIDER_CONNECT_SECONDS)
            code = self._answer_to(commands)
            self._session.has_open_envelope = False
            if code not in TAKEN_CODES:
                connection.rset()
                return _refusal(code)
        except (OSError, smtplib.SMTPException):
            # Without DATA the server has nothing to deliver: safe to try again.
            self._session.broken = True
            return Outcome("not_transmitted", code="reset")
        return None

    def _answer_to(self, commands: Sequence[str]) -> int:
        """The code of the first of these that was refused, else of the last. The text is written meanwhile.

        A server that says PIPELINING (RFC 2920) is told all at once: one journey to it instead of one each.
        """
        connection = self._session.connection
        code = 0
        if connection.has_extn("pipelining"):
            connection.send("".join(f"{command}\r\n" for command in commands))
            self._text = self._server.compose(self._letter)
            codes = [connection.getreply()[0] for _ in commands]
            return next((code for code in codes if code not in TAKEN_CODES), codes[-1])
        self._text = self._server.compose(self._letter)
        for command in commands:
            code, _ = connection.docmd(command)
            if code not in TAKEN_CODES:
                break
        return code

    def _hand_over(self) -> Outcome:
        connection = self._session.connection
        started = time.monotonic()
        try:
            self._wait_at_most(PROVIDER_TOTAL_SECONDS)
            code, _ = connection.docmd("data")
            if code != 354:
                connection.rset()
                return _refusal(code)
            connection.send(_DOT_FIRST.sub(b"..", self._text))
        except (OSError, smtplib.SMTPException):
            # RFC 5321 4.1.1.4: before the line with the lone dot the server has nothing to deliver.
            self._session.broken = True
            return Outcome("not_transmitted", code="reset")
        try:
            connection.send(b".\r\n")
            code, _ = connection.getreply()
        except (OSError, smtplib.SMTPException):
            self._session.broken = True
            late = time.monotonic() - started >= PROVIDER_TOTAL_SECONDS - 0.1
            return Outcome("unknown", code="timeout" if late else "reset", doubtful=True)
        if code == 250:
            return Outcome("accepted", provider_message_id=str(self._letter.attempt_id), http_status=code)
        return _refusal(code)

    def _wait_at_most(self, seconds: float) -> None:
        if self._session.connection.sock is not None:
            self._session.connection.sock.settimeout(seconds)


def _refusal(code: int) -> Outcome:
    if 400 <= code < 500:
        return Outcome("not_transmitted", http_status=code, code=str(code))
    return Outcome("refused", http_status=code, code=str(code), permanent=code in DEAD_MAILBOX_CODES)

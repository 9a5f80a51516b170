"""An SMS provider that speaks Twilio's HTTP protocol.

On http.client and not httpx: the protocol needs the moment between "every byte is written" and "wait for the
answer" (docs/decisions/0050-locks-held-until-the-request-is-written.md), and many requests in flight on one thread.
"""

import base64
import hashlib
import http.client
import json
import select
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from kernel.personal import Personal
from kernel.timings import PROVIDER_CONNECT_SECONDS, PROVIDER_TOTAL_SECONDS
from services.notify.rules.provider_pace import Pace
from services.notify.sending.provider import Found, Letter, LookupFailed, Outcome, Transmission

IDLE_SECONDS = 4.0
LARGEST_ANSWER = 256 * 1024
# Codes by which Twilio says that the number can never be reached by text.
DEAD_NUMBER_CODES = frozenset(
    {"21211", "21214", "21217", "21219", "21401", "21612", "21614", "30005", "30006"}
)
# Refusals that are about the moment, not about the message.
PASSING_CODES = frozenset({"20429", "14107", "30001", "63038"})


@dataclass
class _Line:
    connection: http.client.HTTPConnection
    used_at: float


@dataclass
class SmsHttp:
    """One account at one provider. Keeps its connections; a connection is one thread's while in use."""

    base_url: str
    account: str
    token: Personal[str]
    sender: str
    callback_url: str
    pace: Pace
    name: str = "sms_http"
    channel: str = "sms"
    waits_for_receipts: bool = True
    letters_at_once: int = 32
    _idle: list[_Line] = field(default_factory=list)

    def prepare(self, letters: Sequence[Letter]) -> list[Transmission | Outcome]:
        """Connect once a letter, within three seconds for all; what finds no connection was not transmitted."""
        deadline = time.monotonic() + PROVIDER_CONNECT_SECONDS
        prepared: list[Transmission | Outcome] = []
        refused = False
        for letter in letters:
            line = None if refused or time.monotonic() > deadline else self._line(deadline)
            refused = line is None
            prepared.append(
                Outcome("not_transmitted", code="connect") if line is None else _SmsPost(self, line, letter)
            )
        return prepared

    def find(self, address: Personal[str], since: datetime) -> list[Found]:
        """Ask the provider's list for what it has had for this number since `since` (the machine's clock)."""
        query = urlencode(
            {
                "To": address.reveal(),
                "From": self.sender,
                "DateSent>": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "PageSize": "100",
            }
        )
        line = self._line(time.monotonic() + PROVIDER_CONNECT_SECONDS)
        if line is None:
            raise LookupFailed("connect")
        try:
            line.connection.request("GET", f"{self._path}?{query}", headers=self._headers())
            answer = line.connection.getresponse()
            body = answer.read(LARGEST_ANSWER * 4)
            if answer.status != 200:
                raise LookupFailed(str(answer.status))
            messages = json.loads(body)["messages"]
            found = [_found(item) for item in messages]
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
            line.connection.close()
            raise LookupFailed(type(error).__name__) from None
        except LookupFailed:
            line.connection.close()
            raise
        self._give_back(line)
        return found

    @property
    def _path(self) -> str:
        prefix = urlsplit(self.base_url).path.rstrip("/")
        return f"{prefix}/2010-04-01/Accounts/{quote(self.account)}/Messages.json"

    def _headers(self) -> dict[str, str]:
        login = base64.b64encode(f"{self.account}:{self.token.reveal()}".encode()).decode()
        return {"Authorization": f"Basic {login}", "Accept": "application/json"}

    def _line(self, deadline: float) -> _Line | None:
        while True:
            try:
                line = self._idle.pop()
            except IndexError:
                break
            if time.monotonic() - line.used_at < IDLE_SECONDS and not _closed_by_peer(line.connection):
                return line
            line.connection.close()
        parts = urlsplit(self.base_url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=max(0.05, deadline - time.monotonic()))
        try:
            connection.connect()
        except OSError:
            connection.close()
            return None
        return _Line(connection, time.monotonic())

    def _give_back(self, line: _Line) -> None:
        line.used_at = time.monotonic()
        self._idle.append(line)


def _closed_by_peer(connection: http.client.HTTPConnection) -> bool:
    """True when the other side has hung up (or sent something nobody asked for): not a line to send on."""
    if connection.sock is None:
        return True
    readable, _, _ = select.select([connection.sock], [], [], 0)
    return bool(readable)


class _SmsPost:
    """One POST of a message."""

    def __init__(self, provider: SmsHttp, line: _Line, letter: Letter) -> None:
        self._provider = provider
        self._line = line
        self._letter = letter
        self._started = 0.0
        self._broken = False

    def start(self) -> None:
        form = {
            "To": self._letter.address.reveal(),
            "From": self._provider.sender,
            "Body": self._letter.text,
            "StatusCallback": f"{self._provider.callback_url}?a={self._letter.attempt_id}",
        }
        headers = {**self._provider._headers(), "Content-Type": "application/x-www-form-urlencoded"}
        self._started = time.monotonic()
        connection = self._line.connection
        try:
            if connection.sock is not None:
                connection.sock.settimeout(PROVIDER_CONNECT_SECONDS)
            connection.request("POST", self._provider._path, body=urlencode(form), headers=headers)
        except (OSError, http.client.HTTPException):
            # Some bytes may have gone out: only the provider knows.
            self._broken = True

    def abandon(self) -> None:
        self._provider._give_back(self._line)

    def finish(self) -> Outcome:
        connection = self._line.connection
        if self._broken:
            connection.close()
            return Outcome("unknown", code="reset")
        left = max(0.05, self._started + PROVIDER_TOTAL_SECONDS - time.monotonic())
        try:
            if connection.sock is not None:
                connection.sock.settimeout(left)
            answer = connection.getresponse()
            body = answer.read(LARGEST_ANSWER)
        except TimeoutError:
            connection.close()
            return Outcome("unknown", code="timeout", doubtful=True)
        except (OSError, http.client.HTTPException):
            connection.close()
            return Outcome("unknown", code="reset")
        if answer.will_close or len(body) >= LARGEST_ANSWER:
            connection.close()
        else:
            self._provider._give_back(self._line)
        return read_answer(answer.status, body, answer.headers.get("Retry-After"))


def read_answer(status: int, body: bytes, retry_after: str | None) -> Outcome:
    """Turn an HTTP answer of the message resource into an outcome. What cannot be understood is unknown."""
    fields = _json_object(body)
    code = str(fields.get("code") or fields.get("error_code") or "")
    code = code if code.isdigit() else ""
    if status in (200, 201, 202):
        sid = fields.get("sid")
        if not isinstance(sid, str) or not 2 <= len(sid) <= 64:
            return Outcome("unknown", http_status=status, code="no_id")
        return Outcome("accepted", provider_message_id=sid, http_status=status)
    if status == 429 or code in PASSING_CODES:
        return Outcome(
            "not_transmitted", http_status=status, code=code or "429", retry_after=_seconds(retry_after)
        )
    if 400 <= status < 500 and status != 408:
        return Outcome(
            "refused", http_status=status, code=code or str(status), permanent=code in DEAD_NUMBER_CODES
        )
    return Outcome("unknown", http_status=status, code=code or str(status), doubtful=status == 408)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _seconds(retry_after: str | None) -> float | None:
    """Read Retry-After (seconds or a date), kept between a tenth of a second and an hour."""
    if not retry_after:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(retry_after).timestamp() - time.time()
        except (TypeError, ValueError):
            return None
    return min(3600.0, max(0.1, seconds))


def _found(item: dict[str, Any]) -> Found:
    at = item.get("date_sent") or item.get("date_created")
    return Found(
        provider_message_id=str(item["sid"]),
        status=str(item["status"]),
        code=str(item.get("error_code") or ""),
        body_sha256=hashlib.sha256(str(item["body"]).encode()).digest(),
        at=_aware(parsedate_to_datetime(at)) if at else None,
    )


def _aware(at: datetime) -> datetime:
    """RFC 2822 writes UTC as -0000 too, which the parser takes for "no zone"."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)

"""An SMS provider that speaks Twilio's HTTP protocol, many requests in flight on one thread (`line.py`)."""

import base64
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

from kernel.personal import Personal
from kernel.timings import PROVIDER_CONNECT_SECONDS, PROVIDER_TOTAL_SECONDS
from services.notify.rules.provider_pace import Pace
from services.notify.rules.receipts import DEAD_NUMBER_CODES
from services.notify.sending.line import BrokenLine, Line
from services.notify.sending.line_pool import LinePool
from services.notify.sending.provider import Found, Letter, LookupFailed, Outcome, Transmission

LARGEST_ANSWER = 256 * 1024
# Refusals that are about the moment, not about the message.
PASSING_CODES = frozenset({"20429", "14107", "30001", "63038"})


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
    letters_at_once: int = 64
    letters_a_batch: int = 64
    marks_handover: bool = False
    _lines: LinePool = field(init=False)

    def __post_init__(self) -> None:
        self._lines = LinePool(self.base_url)

    def prepare(self, letters: Sequence[Letter]) -> list[Transmission | Outcome]:
        """Connect once a letter, within three seconds for all; what finds no connection was not transmitted."""
        deadline = time.monotonic() + PROVIDER_CONNECT_SECONDS
        prepared: list[Transmission | Outcome] = []
        refused = False
        for letter in letters:
            line = None if refused or time.monotonic() > deadline else self._lines.take(deadline)
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
        began = time.monotonic()
        line = self._lines.take(began + PROVIDER_CONNECT_SECONDS)
        if line is None:
            raise LookupFailed("connect")
        try:
            line.send(self._head("GET", query) + b"\r\n\r\n", PROVIDER_CONNECT_SECONDS)
            answer = line.receive(began + PROVIDER_TOTAL_SECONDS, LARGEST_ANSWER * 4)
            if answer.status != 200:
                raise LookupFailed(str(answer.status))
            found = [_found(item) for item in json.loads(answer.body)["messages"]]
        except (OSError, BrokenLine, ValueError, KeyError, TypeError) as error:
            line.close()
            raise LookupFailed(type(error).__name__) from None
        except LookupFailed:
            line.close()
            raise
        self._lines.give_back(line)
        return found

    def _head(self, method: str, query: str = "") -> bytes:
        """Request line and headers, without the blank line that ends them."""
        address = self._lines.address
        prefix = address.path.rstrip("/")
        path = f"{prefix}/2010-04-01/Accounts/{quote(self.account)}/Messages.json"
        login = base64.b64encode(f"{self.account}:{self.token.reveal()}".encode()).decode()
        lines = (
            f"{method} {path}{'?' if query else ''}{query} HTTP/1.1",
            f"Host: {address.netloc.rpartition('@')[2]}",
            f"Authorization: Basic {login}",
            "Accept: application/json",
            "Accept-Encoding: identity",
        )
        return "\r\n".join(lines).encode("ascii")

    @cached_property
    def _post_head(self) -> bytes:
        kind = b"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
        return self._head("POST") + kind

    @cached_property
    def _form(self) -> str:
        """The form's fields that are the same for every letter, the attempt's id last."""
        callback = quote_plus(f"{self.callback_url}?a=")
        return f"From={quote_plus(self.sender)}&StatusCallback={callback}"

    def request_for(self, letter: Letter) -> bytes:
        """The bytes of the POST of `letter`."""
        to, words = quote_plus(letter.address.reveal()), quote_plus(letter.text)
        body = f"{self._form}{letter.attempt_id}&To={to}&Body={words}".encode("ascii")
        return b"%b%d\r\n\r\n%b" % (self._post_head, len(body), body)


class _SmsPost:
    """One POST of a message."""

    def __init__(self, provider: SmsHttp, line: Line, letter: Letter) -> None:
        self._provider = provider
        self._line = line
        self._request = provider.request_for(letter)
        self._deadline = 0.0
        self._broken = False

    def open(self) -> None:
        """Nothing to say beforehand: its line is connected."""

    def start(self) -> None:
        self._deadline = time.monotonic() + PROVIDER_TOTAL_SECONDS
        try:
            self._line.send(self._request, PROVIDER_CONNECT_SECONDS)
        except OSError:
            # Some bytes may have gone out: only the provider knows.
            self._broken = True

    def abandon(self) -> None:
        self._provider._lines.give_back(self._line)

    def finish(self) -> Outcome:
        if self._broken:
            self._line.close()
            return Outcome("unknown", code="reset")
        try:
            answer = self._line.receive(self._deadline, LARGEST_ANSWER)
        except TimeoutError:
            self._line.close()
            return Outcome("unknown", code="timeout", doubtful=True)
        except (OSError, BrokenLine):
            self._line.close()
            return Outcome("unknown", code="reset")
        self._provider._lines.give_back(self._line)
        return read_answer(answer.status, answer.body, answer.headers.get("retry-after"))


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

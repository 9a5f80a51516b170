"""Where the SMS provider reports what became of messages: two calls a text, so it is answered without a framework.

Signature first, then the receipt; calls that come together share one transaction (`kernel/shared_run.py`), and 204
is said only after it is committed.
"""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import parse_qsl

import psycopg
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from kernel.context import request_scope
from kernel.failpoints import failpoint
from kernel.ids import parse_id
from kernel.logs import log
from kernel.shared_run import SharedRun
from kernel.web.headers import HEADERS
from kernel.web.problems import Problem, from_status
from services.notify.actions.heed_stop_report import heed_stop_report
from services.notify.actions.take_receipt import Report, take_receipt
from services.notify.actions.take_receipts import is_plain, take_receipts
from services.notify.routes.hooks import Hooks
from services.notify.sending.signature import is_signed

STATUS_PATH = "/hooks/sms/status"
LARGEST_FORM = 64 * 1024
MOST_FIELDS = 60
MOST_TOGETHER = 64
_SID = re.compile(r"[A-Za-z0-9]{2,64}")
_STATUS = re.compile(r"[a-z_-]{1,30}")
_HEADERS = [*HEADERS.items(), ("Cache-Control", "no-store")]
_PHRASES = {
    204: "204 No Content",
    400: "400 Bad Request",
    403: "403 Forbidden",
    405: "405 Method Not Allowed",
    413: "413 Content Too Large",
    500: "500 Internal Server Error",
    503: "503 Service Unavailable",
}


class StatusCallback:
    """The WSGI application of `/hooks/sms/status`."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks
        self._take = SharedRun(self._take_together, MOST_TOGETHER)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            self._answer(environ)
        except Problem as problem:
            return _refused(problem, start_response)
        except (OperationalError, psycopg.OperationalError, PoolTimeout) as error:
            log().warning("database_away", error=type(error).__name__)
            return _refused(from_status(503, {"Retry-After": "2"}), start_response)
        except Exception as error:
            log().error("request_failed", error=type(error).__name__, exc_info=error)
            return _refused(from_status(500), start_response)
        start_response(_PHRASES[204], list(_HEADERS))
        return []

    def _answer(self, environ: dict[str, Any]) -> None:
        if environ["REQUEST_METHOD"] != "POST":
            raise from_status(405, {"Allow": "POST"})
        query = environ.get("QUERY_STRING", "")
        fields = self._signed_fields(environ, query)
        sid, word = fields.get("MessageSid", ""), fields.get("MessageStatus", "").lower()
        if not _SID.fullmatch(sid) or not _STATUS.fullmatch(word):
            return
        code = fields.get("ErrorCode", "")
        attempt = dict(reversed(parse_qsl(query, errors="replace"))).get("a", "")
        report = Report(
            provider_message_id=sid,
            status=word,
            code=code if code.isascii() and code.isdigit() and len(code) <= 6 and code != "0" else "",
            attempt_id=parse_id(attempt),
        )
        fate = self._take(report)
        if fate in ("quarantined", "unmapped"):
            log().warning("receipt_set_aside", fate=fate)

    def _signed_fields(self, environ: dict[str, Any], query: str) -> dict[str, str]:
        """The form's fields, the first of a repeated name; raises 403 unless the provider signed exactly these."""
        pairs = _form(environ)
        url = f"{self._hooks.base_url}{STATUS_PATH}{'?' if query else ''}{query}"
        signed = is_signed(self._hooks.token, url, pairs, environ.get("HTTP_X_TWILIO_SIGNATURE"))
        fields = dict(reversed(pairs))
        if not signed or fields.get("AccountSid") != self._hooks.account:
            log().warning("webhook_refused", path=STATUS_PATH, signed=signed)
            self._hooks.meter.count()
            raise from_status(403)
        return fields

    def _take_together(self, reports: Sequence[Report]) -> list[str]:
        fates: dict[int, str] = {}
        plain = [number for number, report in enumerate(reports) if is_plain(report)]
        with request_scope():
            if plain:
                with self._hooks.database.transaction() as session:
                    taken = take_receipts(session, [reports[number] for number in plain])
                    failpoint("before_receipt_commit")
                fates.update(zip(plain, taken, strict=True))
            for number, report in enumerate(reports):
                if number not in fates:
                    with self._hooks.database.transaction() as session:
                        heed_stop_report(session, report)
                    with self._hooks.database.transaction() as session:
                        fates[number] = take_receipt(session, report)
                        failpoint("before_receipt_commit")
        return [fates[number] for number in range(len(reports))]


def _form(environ: dict[str, Any]) -> list[tuple[str, str]]:
    if not environ.get("CONTENT_TYPE", "").lower().startswith("application/x-www-form-urlencoded"):
        return []
    try:
        size = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise from_status(400) from None
    if not 0 <= size <= LARGEST_FORM:
        raise from_status(413, {"Connection": "close"})
    body = environ["wsgi.input"].read(size).decode("utf-8", "replace")
    try:
        return parse_qsl(body, keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise from_status(413) from None


def _refused(problem: Problem, start_response: Any) -> Iterable[bytes]:
    body, status, headers = problem.answer()
    content = json.dumps(body).encode()
    start_response(_PHRASES[status], [*_HEADERS, *headers.items(), ("Content-Length", str(len(content)))])
    return [content]

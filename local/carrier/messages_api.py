"""The provider's message API: send one, list them, fetch one; with the faults that can strike a send."""

import asyncio
import base64
import hmac
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from email.utils import formatdate
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from local.carrier.ledger import Ledger, Message
from local.carrier.lifecycle import Lifecycle
from local.carrier.settings import CarrierSettings
from local.faults import Fault, FaultBook
from local.wire import RESET, Request, Reset, Response, json_response
from services.notify.texts.segments import count_segments

SEND_MODES = ("error_500_before", "error_500_after", "reset_before", "reset_after", "rate_429", "reject")
LOOKUP_MODES = ("lookup_503",)
API_ROOT = "/2010-04-01/Accounts/"
_E164 = re.compile(r"\+[1-9]\d{7,14}")
_LONGEST_BODY = 1600
_MESSAGES = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "An internal server error has occurred",
    20503: "Service unavailable",
    21211: "The 'To' number is not a valid phone number.",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21606: "The 'From' phone number is not a message-capable number of this account.",
    21609: "The 'StatusCallback' URL is not a valid URL.",
    21610: "Attempt to send to unsubscribed recipient",
    21617: "The message body exceeds the 1600 character limit.",
}


class MessagesApi:
    """Answers everything under `/2010-04-01/Accounts/`."""

    def __init__(
        self,
        settings: CarrierSettings,
        ledger: Ledger,
        lifecycle: Lifecycle,
        book: FaultBook,
        new_sid: Callable[[], str] = lambda: "SM" + secrets.token_hex(16),
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._lifecycle = lifecycle
        self._book = book
        self._new_sid = new_sid
        pair = f"{settings.account_sid}:{settings.auth_token}".encode()
        self._basic = "Basic " + base64.b64encode(pair).decode()

    def answer(self, request: Request) -> "Response | Reset | Awaitable[Response | Reset]":
        """Route one request of the API."""
        account, _, rest = request.path.removeprefix(API_ROOT).partition("/")
        if request.method == "POST" and rest == "Messages.json":
            return self._take(request, account)
        refusal = self._refusal_of_caller(request, account)
        if refusal is not None:
            return _error(*refusal)
        if request.method == "GET" and rest == "Messages.json":
            return self._list(request)
        if request.method == "GET" and rest.startswith("Messages/") and rest.endswith(".json"):
            return self._fetch(rest.removeprefix("Messages/").removesuffix(".json"))
        return _error(404, 20404)

    def _refusal_of_caller(self, request: Request, account: str) -> tuple[int, int] | None:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), self._basic.encode()):
            return 401, 20003
        return None if account == self._settings.account_sid else (404, 20404)

    def _take(self, request: Request, account: str) -> "Response | Reset | Awaitable[Response | Reset]":
        form = request.form()
        to = form.get("To", "").strip()
        # Written before anything is decided: what reached the carrier is on file even if it dies now.
        post = self._ledger.record(
            "post",
            request.received_at,
            to=to,
            sender=form.get("From", ""),
            body=form.get("Body", ""),
            status_callback=form.get("StatusCallback"),
        )
        refusal = self._refusal_of_caller(request, account) or self._refusal_of_form(form, to)
        if refusal is not None:
            return self._answered(post, _error(*refusal), "refused", code=refusal[1])
        if not self._book.faults:
            return self._accept(post, form, to, None)
        waits, fault = self._faults_for(to)
        if waits or fault is not None or any(f.mode.startswith("callback_") for f in self._book.faults):
            return self._take_with_faults(post, form, to, waits, fault)
        return self._accept(post, form, to, None)

    def _faults_for(self, to: str) -> tuple[list[Fault], Fault | None]:
        """The waits that strike this send, and the first fault that decides its answer."""
        waits: list[Fault] = []
        deciding: Fault | None = None
        for fault in self._book.faults:
            if fault.mode == "slow" and fault.fires(to):
                waits.append(fault)
            elif fault.mode in SEND_MODES and deciding is None and fault.fires(to):
                deciding = fault
        return waits, deciding

    async def _take_with_faults(
        self, post: int, form: dict[str, str], to: str, waits: list[Fault], fault: Fault | None
    ) -> Response | Reset:
        await asyncio.sleep(sum(wait.seconds for wait in waits if wait.when == "before"))
        mode = fault.mode if fault else None
        answer: Response | Reset
        if fault is not None and mode == "rate_429":
            retry_after = str(max(1, round(fault.seconds)))
            answer = self._answered(
                post, _error(429, 20429, (("Retry-After", retry_after),)), "refused", code=20429, fault=mode
            )
        elif fault is not None and mode == "reject":
            code = fault.code or 21610
            answer = self._answered(post, _error(400, code), "refused", code=code, fault=mode)
        elif mode == "error_500_before":
            answer = self._answered(post, _error(500, 20500), "dropped", code=20500, fault=mode)
        elif mode == "reset_before":
            answer = self._answered(post, RESET, "dropped", fault=mode)
        else:
            plan = self._lifecycle.plan_for(to)
            message = self._store(form, to)
            accepted: Response | Reset = json_response(self._resource(message), 201)
            if mode == "error_500_after":
                accepted = _error(500, 20500)
            elif mode == "reset_after":
                accepted = RESET
            answer = self._answered(post, accepted, "accepted", sid=message.sid, fault=mode)
            if plan.before_reply:
                await self._lifecycle.call_back_before_reply(message)
            self._lifecycle.start(message, plan)
        await asyncio.sleep(sum(wait.seconds for wait in waits if wait.when == "after"))
        return answer

    def _accept(self, post: int, form: dict[str, str], to: str, fault: str | None) -> Response | Reset:
        plan = self._lifecycle.plan_for(to)
        message = self._store(form, to)
        answer = self._answered(
            post, json_response(self._resource(message), 201), "accepted", sid=message.sid, fault=fault
        )
        self._lifecycle.start(message, plan)
        return answer

    def _store(self, form: dict[str, str], to: str) -> Message:
        sid = self._new_sid()
        self._ledger.record(
            "message",
            time.time(),
            sid=sid,
            direction="outbound-api",
            to=to,
            sender=form["From"],
            body=form["Body"],
            status="queued",
            status_callback=form.get("StatusCallback") or None,
        )
        return self._ledger.messages[sid]

    def _answered(
        self,
        post: int,
        answer: Response | Reset,
        outcome: str,
        *,
        sid: str | None = None,
        code: int | None = None,
        fault: str | None = None,
    ) -> Response | Reset:
        status = answer.status if isinstance(answer, Response) else None
        self._ledger.record(
            "answer",
            time.time(),
            post=post,
            outcome=outcome,
            http_status=status,
            sid=sid,
            code=code,
            fault=fault,
        )
        return answer

    def _refusal_of_form(self, form: dict[str, str], to: str) -> tuple[int, int] | None:
        body, sender = form.get("Body", ""), form.get("From", "")
        callback = form.get("StatusCallback")
        code = None
        if not to:
            code = 21604
        elif not _E164.fullmatch(to):
            code = 21211
        elif not sender:
            code = 21603
        elif sender != self._settings.from_number:
            code = 21606
        elif not body:
            code = 21602
        elif len(body) > _LONGEST_BODY:
            code = 21617
        elif callback and not self._may_call(callback):
            code = 21609
        elif self._settings.block_opted_out and self._ledger.opted_out(to):
            code = 21610
        return None if code is None else (400, code)

    def _may_call(self, url: str) -> bool:
        """The stand-in never calls out: only hosts named in its settings."""
        parts = urlsplit(url)
        return parts.scheme == "http" and parts.hostname in self._settings.callback_hosts

    def _list(self, request: Request) -> Response:
        arguments = request.arguments()
        if self._book.striking(LOOKUP_MODES, arguments.get("To", "")):
            return _error(503, 20503)
        if "To" in arguments:
            found = [m for m in self._ledger.conversation(arguments["To"]) if m.to == arguments["To"]]
        else:
            found = list(self._ledger.messages.values())
        if "From" in arguments:
            found = [m for m in found if m.sender == arguments["From"]]
        try:
            since, until = _time_window(arguments)
            size = min(max(int(arguments.get("PageSize", "50")), 1), 1000)
            page = max(int(arguments.get("Page", "0")), 0)
        except ValueError:
            return _error(400, 20404)
        found = [m for m in found if since <= (m.sent_at or m.created_at) < until]
        # By creation, which never changes: pages must not shift while messages move on.
        found.sort(key=lambda m: m.created_at, reverse=True)
        shown = found[page * size : (page + 1) * size]
        path = f"{API_ROOT}{self._settings.account_sid}/Messages.json"
        more = len(found) > (page + 1) * size
        kept = "&".join(part for part in request.query.split("&") if part and not part.startswith("Page="))
        return json_response(
            {
                "messages": [self._resource(message) for message in shown],
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + max(len(shown) - 1, 0),
                "uri": f"{path}?{request.query}",
                "first_page_uri": f"{path}?{kept}&Page=0",
                "previous_page_uri": f"{path}?{kept}&Page={page - 1}" if page else None,
                "next_page_uri": f"{path}?{kept}&Page={page + 1}" if more else None,
            }
        )

    def _fetch(self, sid: str) -> Response:
        message = self._ledger.messages.get(sid)
        if message is not None and self._book.striking(LOOKUP_MODES, message.to):
            return _error(503, 20503)
        return _error(404, 20404) if message is None else json_response(self._resource(message))

    def _resource(self, message: Message) -> dict[str, Any]:
        uri = f"{API_ROOT}{self._settings.account_sid}/Messages/{message.sid}"
        return {
            "sid": message.sid,
            "account_sid": self._settings.account_sid,
            "api_version": "2010-04-01",
            "messaging_service_sid": None,
            "direction": message.direction,
            "to": message.to,
            "from": message.sender,
            "body": message.body,
            "status": message.status,
            "error_code": message.error_code,
            "error_message": None,
            "num_segments": str(count_segments(message.body).segments),
            "num_media": "0",
            "price": None,
            "price_unit": "USD",
            "date_created": _rfc2822(int(message.created_at)),
            "date_updated": _rfc2822(int(message.updated_at)),
            "date_sent": None if message.sent_at is None else _rfc2822(int(message.sent_at)),
            "uri": uri + ".json",
            "subresource_uris": {"media": uri + "/Media.json"},
        }


def _error(status: int, code: int, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    text = _MESSAGES.get(code, "The message cannot be sent.")
    payload = {"code": code, "message": text, "more_info": f"/docs/errors/{code}", "status": status}
    return json_response(payload, status, headers)


@lru_cache(maxsize=64)
def _rfc2822(second: int) -> str:
    return formatdate(second, usegmt=False)


def _time_window(arguments: dict[str, str]) -> tuple[float, float]:
    """From `DateSent`, `DateSent>=` and `DateSent<=` (a day or an instant in UTC); raises ValueError."""
    since, until = 0.0, float("inf")
    if "DateSent" in arguments:
        since = _instant(arguments["DateSent"])
        until = since + 86_400
    if "DateSent>" in arguments:
        since = _instant(arguments["DateSent>"])
    if "DateSent<" in arguments:
        until = _instant(arguments["DateSent<"])
        until += 86_400 if len(arguments["DateSent<"]) == 10 else 1
    return since, until


def _instant(text: str) -> float:
    if len(text) == 10:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC).timestamp()
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()

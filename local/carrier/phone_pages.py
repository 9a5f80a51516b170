"""The patients' phones as pages: a list of phones, one conversation, and a box to reply from."""

import asyncio
import json
import re
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, select_autoescape

from kernel.web.template_lines import TemplateLines
from local.carrier.inbound import take_reply, tell_service
from local.carrier.ledger import Ledger, Message
from local.carrier.settings import CarrierSettings
from local.carrier.webhooks import WebhookSender
from local.wire import Request, Reset, Response, json_response, redirect, static_file

_HERE = Path(__file__).parent
_ZONE = ZoneInfo("America/Chicago")
_SHOWN_PHONES = 60
_LONGEST_REPLY = 1600
QUICK_REPLIES = ("C", "R", "X", "STOP", "START", "HELP")
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", _POLICY),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)
_STATUS_WORDS = {
    "queued": "Waiting at the carrier",
    "sent": "Sent",
    "delivered": "Delivered",
    "undelivered": "Not delivered",
    "failed": "Failed",
    "received": "Sent",
}

templates = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=select_autoescape(),
    extensions=[TemplateLines],
)


class PhonePages:
    """Answers everything under `/phone`."""

    def __init__(self, settings: CarrierSettings, ledger: Ledger, webhooks: WebhookSender) -> None:
        self._settings = settings
        self._ledger = ledger
        self._webhooks = webhooks
        self._telling: set[asyncio.Task[int | None]] = set()
        self._shift = timedelta(seconds=settings.clock_offset_seconds)

    def answer(self, request: Request) -> "Response | Reset | Awaitable[Response | Reset]":
        """Route one request for a phone page."""
        path = request.path.rstrip("/")
        if request.method == "POST":
            if request.from_another_site:
                return Response(403, b"Replies are taken from the phone page only.\n")
            if path == "/phone/api/reply":
                return self._reply_by_api(request)
            return self._reply_by_form(request, path)
        if path == "/phone":
            return self._list(request, "phones.html")
        if path == "/phone/rows":
            return self._list(request, "phone_rows.html")
        if path == "/phone/api/messages":
            phone = _e164(request.arguments().get("phone", ""))
            return json_response(
                {"messages": [self._as_json(m) for m in self._ledger.conversation(phone or "")]}
            )
        if path.startswith("/phone/static/"):
            return static_file(_HERE / "static", path.removeprefix("/phone/static/"))
        parts = path.removeprefix("/phone/").split("/")
        phone = _e164(parts[0])
        if phone is None:
            return self._page("not_found.html", 404)
        if len(parts) == 1:
            return self._page("conversation.html", 200, **self._conversation(phone))
        if parts[1:] == ["messages"]:
            return self._page("bubbles.html", 200, **self._conversation(phone))
        return self._page("not_found.html", 404)

    def _list(self, request: Request, template: str) -> Response:
        digits = re.sub(r"\D", "", request.arguments().get("q", ""))
        wanted = request.arguments().get("open")
        if wanted is not None:
            phone = _e164(wanted)
            return redirect(f"/phone/{phone[1:]}") if phone else redirect("/phone")
        phones = [pair for pair in self._ledger.phones() if digits in pair[0]]
        rows = [
            {
                "phone": phone,
                "shown": shown_number(phone),
                "preview": last.body,
                "mine": last.direction == "inbound",
                "when": self._clock(last.created_at),
                "trouble": last.status in ("undelivered", "failed"),
            }
            for phone, last in phones[:_SHOWN_PHONES]
        ]
        return self._page(
            template,
            200,
            rows=rows,
            total=len(phones),
            search=request.arguments().get("q", ""),
            clinic=shown_number(self._settings.from_number),
        )

    def _conversation(self, phone: str) -> dict[str, Any]:
        bubbles: list[dict[str, Any]] = []
        day = ""
        for message in self._ledger.conversation(phone):
            local = datetime.fromtimestamp(message.created_at, UTC).astimezone(_ZONE) + self._shift
            today = local.strftime("%A %d %B")
            bubbles.append(
                {
                    "mine": message.direction == "inbound",
                    "body": message.body,
                    "time": self._clock(message.created_at),
                    "day": today if today != day else None,
                    "status": _STATUS_WORDS.get(message.status, message.status),
                    "code": message.error_code,
                    "trouble": message.status in ("undelivered", "failed"),
                }
            )
            day = today
        return {
            "phone": phone,
            "shown": shown_number(phone),
            "clinic": shown_number(self._settings.from_number),
            "bubbles": bubbles,
            "quick": QUICK_REPLIES,
        }

    def _reply_by_form(self, request: Request, path: str) -> Response:
        phone = _e164(path.removeprefix("/phone/"))
        form = request.form()
        body = form.get("quick") or form.get("body", "")
        if phone is None:
            return self._page("not_found.html", 404)
        if body.strip():
            self._tell(
                take_reply(
                    self._ledger, sender=phone, to=self._settings.from_number, body=body[:_LONGEST_REPLY]
                )
            )
        return redirect(f"/phone/{phone[1:]}#newest")

    def _reply_by_api(self, request: Request) -> "Response | Awaitable[Response | Reset]":
        """`{from, body, to?, num_media?, wait?}`; `from` may be anything a network would carry."""
        try:
            fields = _json_object(request.body)
            sender, body = str(fields["from"]), str(fields.get("body", ""))
            to, media = str(fields.get("to") or self._settings.from_number), int(fields.get("num_media", 0))
        except (ValueError, KeyError, TypeError):
            return json_response({"error": "send JSON: from and body; to, num_media and wait if wanted"}, 400)
        if not sender or len(body) > _LONGEST_REPLY or not 0 <= media <= 10:
            return json_response({"error": "from must not be empty; body up to 1600; num_media 0 to 10"}, 400)
        message = take_reply(self._ledger, sender=sender, to=to, body=body)
        telling = self._tell(message, media)
        if not fields.get("wait"):
            return json_response({"sid": message.sid}, 201)

        async def answer_when_told() -> Response | Reset:
            return json_response({"sid": message.sid, "webhook_status": await telling}, 201)

        return answer_when_told()

    def _tell(self, message: Message, media: int = 0) -> "asyncio.Task[int | None]":
        task = asyncio.create_task(tell_service(self._settings, self._webhooks, message, media))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
        return task

    def _as_json(self, message: Message) -> dict[str, Any]:
        names = ("sid", "direction", "to", "sender", "body", "status", "error_code", "created_at", "sent_at")
        return {name: getattr(message, name) for name in names}

    def _clock(self, at: float) -> str:
        local = datetime.fromtimestamp(at, UTC).astimezone(_ZONE) + self._shift
        return local.strftime("%I:%M %p").lstrip("0").lower()

    def _page(self, template: str, status: int, **values: Any) -> Response:
        return page(template, status, **values)


def page(template: str, status: int, **values: Any) -> Response:
    """A rendered page with the headers every page here carries."""
    body = templates.get_template(template).render(**values).encode()
    return Response(status, body, "text/html; charset=utf-8", PAGE_HEADERS)


def shown_number(phone: str) -> str:
    """A number as people write it: (816) 555-0101."""
    if re.fullmatch(r"\+1\d{10}", phone):
        return f"({phone[2:5]}) {phone[5:8]}-{phone[8:]}"
    return phone


def _e164(text: str) -> str | None:
    digits = re.sub(r"[\s()+.-]", "", text)
    if re.fullmatch(r"[2-9]\d{9}", digits):
        digits = "1" + digits
    return "+" + digits if re.fullmatch(r"[1-9]\d{3,14}", digits) else None


def _json_object(body: bytes) -> dict[str, Any]:
    value = json.loads(body)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value

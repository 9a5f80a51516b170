"""The mailbox as pages and as JSON: the list, one e-mail, its files, and the fault switches."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape

from kernel.web.template_lines import TemplateLines
from local.faults import BadFaultError, FaultBook
from local.mailbox.letters import Letter, Letters
from local.wire import Request, Response, json_response, redirect, static_file

_HERE = Path(__file__).parent
_ZONE = ZoneInfo("America/Chicago")
_SHOWN = 100
_NO_SNIFF = ("X-Content-Type-Options", "nosniff")
_PAGE_HEADERS = (
    ("Cache-Control", "no-store"),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'",
    ),
    ("Referrer-Policy", "no-referrer"),
    _NO_SNIFF,
)
# The letter's own HTML: no script, nothing fetched, links open beside the mailbox.
_LETTER_HEADERS = (
    ("Cache-Control", "no-store"),
    (
        "Content-Security-Policy",
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
        "img-src data:; frame-ancestors 'self'",
    ),
    ("Referrer-Policy", "no-referrer"),
    _NO_SNIFF,
)
MODE_WORDS = {
    "reject_451": "Refuse for now (451)",
    "reject_550": "Refuse for good (550)",
    "drop": "Drop the connection",
    "slow": "Wait these seconds",
}


class MailPages:
    """Answers everything under `/mail`."""

    def __init__(self, letters: Letters, book: FaultBook, clock_offset_seconds: int) -> None:
        self._letters = letters
        self._book = book
        self._shift = timedelta(seconds=clock_offset_seconds)
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=select_autoescape(),
            extensions=[TemplateLines],
        )
        self._templates.filters["linked"] = linked

    def answer(self, request: Request) -> Response:
        """Route one request."""
        path = request.path.rstrip("/")
        if request.method not in ("GET", "HEAD") and request.from_another_site:
            return Response(403, b"Switches are set from this page only.\n")
        if path == "/mail/faults":
            return self._switch(request)
        if request.method == "POST":
            return self._form(request, path)
        if path in ("", "/mail"):
            return self._list(request) if path else redirect("/mail")
        if path.startswith("/mail/static/"):
            return static_file(_HERE / "static", path.removeprefix("/mail/static/"))
        if path == "/mail/api/messages":
            return self._api_list(request)
        return self._of_letter(path.removeprefix("/mail/").removeprefix("api/messages/"), "/api/" in path)

    def _of_letter(self, rest: str, as_json: bool) -> Response:
        number, _, part = rest.partition("/")
        letter = self._letters.read(int(number)) if number.isdecimal() and len(number) < 10 else None
        if letter is None:
            return (
                json_response({"error": "no such e-mail"}, 404)
                if as_json
                else self._page("missing.html", 404)
            )
        if as_json:
            return json_response(letter.as_json())
        if not part:
            return self._page("letter.html", 200, letter=letter, when=self._clock(letter.summary.at))
        if part == "html" and letter.html is not None:
            opening = b'<!doctype html><meta charset="utf-8"><base target="_blank">'
            return Response(200, opening + letter.html.encode(), "text/html; charset=utf-8", _LETTER_HEADERS)
        if part == "raw":
            return Response(200, letter.raw, "text/plain; charset=utf-8", (_NO_SNIFF,))
        return self._attachment(letter, part.removeprefix("attachments/"))

    def _attachment(self, letter: Letter, index: str) -> Response:
        if not index.isdecimal() or len(index) > 3 or int(index) >= len(letter.attachments):
            return self._page("missing.html", 404)
        file = letter.attachments[int(index)]
        kind = "text/calendar; charset=utf-8" if file.kind == "text/calendar" else "application/octet-stream"
        disposition = f"attachment; filename*=UTF-8''{quote(file.name)}"
        return Response(200, file.content, kind, (("Content-Disposition", disposition), _NO_SNIFF))

    def _list(self, request: Request) -> Response:
        arguments = request.arguments()
        search = arguments.get("q", "").strip().lower()
        found = self._letters.addressed_to(lambda address: search in address.lower())
        rows = [{"letter": summary, "when": self._clock(summary.at)} for summary in found[:_SHOWN]]
        return self._page(
            "inbox.html",
            200,
            rows=rows,
            total=len(found),
            search=search,
            faults=self._book.faults,
            words=MODE_WORDS,
            refused=arguments.get("refused"),
        )

    def _api_list(self, request: Request) -> Response:
        arguments = request.arguments()
        to = arguments.get("to", "").lower()
        try:
            since, limit = int(arguments.get("since", "0")), int(arguments.get("limit", "100"))
        except ValueError:
            return json_response({"error": "since and limit are whole numbers"}, 400)
        found = self._letters.addressed_to(lambda address: not to or address.lower() == to)
        newer = [summary for summary in found if summary.number > since]
        letters = [self._letters.read(summary.number) for summary in newer[: min(max(limit, 1), 1000)]]
        return json_response(
            {"messages": [letter.as_json() for letter in letters if letter is not None], "total": len(newer)}
        )

    def _switch(self, request: Request) -> Response:
        if request.method == "PUT":
            try:
                self._book.replace(json.loads(request.body))
            except ValueError as reason:
                why = str(reason) if isinstance(reason, BadFaultError) else "the body must be JSON"
                return json_response({"error": why}, 422)
        elif request.method == "DELETE":
            self._book.clear()
        return json_response(self._book.as_json())

    def _form(self, request: Request, path: str) -> Response:
        if path == "/mail/faults/clear":
            self._book.clear()
            return redirect("/mail")
        if path != "/mail/faults/add":
            return self._page("missing.html", 404)
        payload: dict[str, Any] = {}
        try:
            for name, value in request.form().items():
                if value.strip():
                    payload[name] = value if name in ("mode", "when", "to") else float(value)
            self._book.add(payload)
        except ValueError as reason:
            why = str(reason) if isinstance(reason, BadFaultError) else "chance and seconds are numbers"
            return redirect(f"/mail?refused={quote(why)}")
        return redirect("/mail")

    def _clock(self, at: float) -> str:
        local = datetime.fromtimestamp(at, UTC).astimezone(_ZONE) + self._shift
        return f"{local:%a} {local.day} {local:%b}, " + local.strftime("%I:%M %p").lstrip("0").lower()

    def _page(self, template: str, status: int, **values: Any) -> Response:
        body = self._templates.get_template(template).render(**values).encode()
        return Response(status, body, "text/html; charset=utf-8", _PAGE_HEADERS)


def linked(text: str) -> Markup:
    """`text` escaped, with its http addresses as links."""
    words = []
    for word in text.split(" "):
        lines = []
        for piece in word.split("\n"):
            if piece.startswith(("http://", "https://")):
                lines.append(
                    Markup('<a href="{0}" target="_blank" rel="noreferrer">{0}</a>').format(piece.strip())
                )
            else:
                lines.append(escape(piece))
        words.append(Markup("\n").join(lines))
    return Markup(" ").join(words)

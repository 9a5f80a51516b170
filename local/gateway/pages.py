"""What the gateway itself says: what is here, and why a request could not be answered."""

import json
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from kernel.web.template_lines import TemplateLines

FOLDER = Path(__file__).parent
SECURITY = (
    (
        "Content-Security-Policy",
        "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
)
TITLES = {
    400: "This request is malformed",
    404: "There is no page here",
    405: "This is not how this address is used",
    408: "The request took too long to arrive",
    413: "This is too large",
    414: "This address is too long",
    421: "This is not the address of this clinic",
    431: "The request has too many headers",
    502: "This part of the clinic is starting again",
    503: "Too many requests at once",
}

_templates = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=select_autoescape(),
    extensions=[TemplateLines],
)


def front_page(facts: dict[str, Any]) -> bytes:
    """Return the page at `/`. `facts`: clinic, business_time, staff (demo logins), client, services."""
    return _templates.get_template("front.html").render(**facts).encode()


def error_page(status: int, said: str) -> bytes:
    """Return a page in plain words for `status`; `said` is a further sentence."""
    title = TITLES.get(status, "This did not work")
    return (
        _templates.get_template("error.html").render(title=title, said=escape(said), status=status).encode()
    )


def problem(status: int, said: str) -> bytes:
    """Return the same as problem+json (RFC 9457)."""
    return json.dumps(
        {"type": "about:blank", "title": TITLES.get(status, "Error"), "status": status, "detail": said}
    ).encode()


def answer(
    status: int, content_type: str, body: bytes, *extra: tuple[str, str], close: bool = False
) -> bytes:
    """Return a whole HTTP answer."""
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        *SECURITY,
        *extra,
        ("Connection", "close" if close else "keep-alive"),
    ]
    names = {header[0] for header in extra}
    kept = [pair for index, pair in enumerate(headers) if pair[0] not in names or index >= 2 + len(SECURITY)]
    lines = "".join(f"{name}: {value}\r\n" for name, value in kept)
    return f"HTTP/1.1 {status} {_reason(status)}\r\n{lines}\r\n".encode() + body


def _reason(status: int) -> str:
    return HTTPStatus(status).phrase

"""Refusals as application/problem+json (RFC 9457): a stable code, field paths, a request id, never the value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kernel.context import request_id

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field: `field` is a dotted path, `code` a stable word.

    For a document somebody wrote, `message` says it in words and `line` where in the body it stands.
    """

    field: str
    code: str
    message: str = ""
    line: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The error as it stands in the answer; what is not known is left out."""
        told: dict[str, Any] = {"field": self.field, "code": self.code}
        if self.message:
            told["message"] = self.message
        return told | ({"line": self.line} if self.line else {})


class Problem(Exception):
    """Raise anywhere under a request to answer with a problem; the open transaction rolls back on the way out."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        *,
        detail: str = "",
        errors: Sequence[FieldProblem] = (),
        headers: dict[str, str] | None = None,
        more: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = headers or {}
        self.more = more or {}

    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "request_id": request_id(),
        }
        if self.detail:
            body["detail"] = self.detail
        if self.errors:
            body["errors"] = [error.to_json() for error in self.errors]
        return body | self.more

    def answer(self) -> tuple[dict[str, Any], int, dict[str, str]]:
        """Body, status and headers, as Flask takes them."""
        return self.body(), self.status, {"Content-Type": CONTENT_TYPE, **self.headers}


def not_found(what: str = "resource") -> Problem:
    """The one answer for an id that is unknown, malformed or not yours."""
    return Problem(404, "not_found", f"There is no such {what}.")


def invalid(errors: Sequence[FieldProblem], title: str = "Some fields were not accepted.") -> Problem:
    """422 with the fields named; nothing was stored."""
    return Problem(
        422, "invalid", title, detail="Nothing was stored. Correct the fields and send again.", errors=errors
    )


def conflict(code: str, title: str, **more: Any) -> Problem:
    """409: the request is well formed, but the record's state does not allow it."""
    return Problem(409, code, title, more=more)


STATUS_CODES = {
    400: ("malformed", "The request could not be read."),
    401: ("unauthenticated", "A valid token is needed."),
    403: ("forbidden", "This is not allowed for you."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take that method."),
    408: ("timeout", "The request took too long to arrive."),
    413: ("too_large", "The request is larger than this address takes."),
    414: ("address_too_long", "The address is too long."),
    415: ("unsupported_media_type", "Send application/json, in UTF-8, without a content encoding."),
    422: ("invalid", "Some fields were not accepted."),
    429: ("too_many_requests", "Too many requests. Wait, then try again."),
    431: ("headers_too_large", "The request's headers are too large."),
    500: (
        "internal",
        "Something went wrong here. Nothing was stored. Try again; quote the request id if it stays.",
    ),
    503: ("unavailable", "The service is not available for a moment. Nothing was stored. Try again shortly."),
}


def from_status(status: int, headers: dict[str, str] | None = None) -> Problem:
    """The problem for a bare HTTP status."""
    code, title = STATUS_CODES.get(status, ("error", "The request was not accepted."))
    return Problem(status, code, title, headers=headers)

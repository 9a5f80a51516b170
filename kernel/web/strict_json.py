"""The one JSON reader behind every request."""

from typing import Any

from flask import Request, request

from kernel.strict_json import NotStrictJson, loads
from kernel.web.problems import FieldProblem, Problem, from_status, invalid


class StrictRequest(Request):
    """Flask's request with the strict reader behind `get_json`, parsed once."""

    _strictly_read: Any = ...

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """Return the body as strict JSON whatever its media type (the before-request hook has checked that)."""
        if self._strictly_read is ...:
            try:
                self._strictly_read = loads(self.get_data(cache=True))
            except NotStrictJson as refused:
                where = {"line": refused.line} if refused.line else {}
                raise Problem(400, "malformed", "The body is not valid JSON.", more=where) from None
        return self._strictly_read


def _refuse_too_large(asked: Request) -> None:
    """413, after taking in a little of what is still being sent: a sender cut off at once never sees the answer."""
    most, announced = asked.max_content_length, asked.content_length
    if most is not None and announced is not None and announced > most:
        asked.environ["wsgi.input"].read(min(announced, 4 * most))
        raise from_status(413, {"Connection": "close"})


def _refuse_query(asked: Request) -> None:
    if b"%00" in asked.query_string:
        raise from_status(400)
    if any(len(values) > 1 for _, values in asked.args.lists()):
        raise invalid([FieldProblem("query", "given_twice")])


def _is_json(asked: Request) -> bool:
    if asked.environ.get("CONTENT_TYPE") == "application/json":
        return True  # as nearly all write it: nothing to take apart
    charset = asked.mimetype_params.get("charset", "utf-8")
    return asked.mimetype == "application/json" and charset.lower() == "utf-8"


def refuse_other_media() -> None:
    """Before-request hook of the APIs: a body is application/json in UTF-8, not compressed, and not empty; no query
    argument is given twice, because two readers could each take another one."""
    asked: Request = request._get_current_object()  # type: ignore[attr-defined] # the proxy looks it up at each dot
    if "\x00" in asked.path:
        raise from_status(400)
    if asked.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise from_status(415)
    if asked.query_string:
        _refuse_query(asked)
    _refuse_too_large(asked)
    if asked.method not in ("POST", "PUT", "PATCH"):
        return
    if not _is_json(asked):
        raise from_status(415)
    if not asked.get_data(cache=True):
        raise Problem(400, "malformed", "The body is empty where JSON is due.")
    if not isinstance(asked.get_json(), dict):
        # APIFlask reads an empty or null body as {}; every body here is an object.
        raise invalid([FieldProblem("body", "not_an_object")])

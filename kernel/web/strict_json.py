"""One JSON reader for every request: no duplicate keys, no NaN, no lone surrogates or NULs, bounded depth."""

import json
import re
from typing import Any

from flask import Request, request

from kernel.web.problems import FieldProblem, Problem, from_status, invalid

MOST_NESTING = 32
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# A text that never ends is taken up to the end, so that no byte is looked at twice: this runs before any token is seen.
_OPENERS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


class NotStrictJson(ValueError):
    """The text is not JSON as this system takes it; `line` is where reading stopped, when that is known."""

    line: int | None = None


def loads(raw: bytes) -> Any:
    """Parse `raw`; raises `NotStrictJson`. Numbers are int or finite float; integers have at most 18 digits."""
    if raw.count(b"[") + raw.count(b"{") > MOST_NESTING:
        _refuse_depth(raw)
    # A NUL or half a surrogate pair can only come by an escape: other bytes of them are no UTF-8 or no JSON text.
    with_escapes = b"\\u" in raw
    try:
        text = raw.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_object_of_sound_texts if with_escapes else _object_without_duplicates,
            parse_constant=_refuse_constant,
            parse_float=_finite_float,
            parse_int=_short_int,
        )
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        refused = NotStrictJson(str(error) if isinstance(error, NotStrictJson) else "not JSON")
        refused.line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise refused from None
    return value


def _refuse_depth(raw: bytes) -> None:
    depth = 0
    for match in _OPENERS.finditer(raw):
        token = match.group()
        if token in (b"[", b"{"):
            depth += 1
            if depth > MOST_NESTING:
                refused = NotStrictJson("too deep")
                refused.line = raw.count(b"\n", 0, match.start()) + 1
                raise refused
        elif token in (b"]", b"}"):
            depth -= 1


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrictJson("duplicate key")
    return found


def _object_of_sound_texts(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for key, value in pairs:
        _refuse_text(key)
        _refuse_values(value)
    return _object_without_duplicates(pairs)


def _refuse_values(value: Any) -> None:
    if isinstance(value, str):
        _refuse_text(value)
    elif isinstance(value, list):
        for item in value:
            _refuse_values(item)


def _refuse_text(text: str) -> None:
    if "\x00" in text or _LONE_SURROGATE.search(text):
        raise NotStrictJson("text")


def _refuse_constant(_: str) -> Any:
    raise NotStrictJson("constant")


def _finite_float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise NotStrictJson("number")
    return number


def _short_int(text: str) -> int:
    if len(text) > 18:
        raise NotStrictJson("number")
    return int(text)


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

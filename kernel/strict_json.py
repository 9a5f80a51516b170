"""Strict JSON: no duplicate keys, no NaN, no lone surrogates or NULs, bounded depth."""

import json
import re
from typing import Any

from kernel.exact_json import WHOLE_LETTERS_MAX, as_written

MOST_NESTING = 32
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# A text that never ends is taken up to the end, so that no byte is looked at twice: this runs before any token is seen.
_OPENERS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


class NotStrictJson(ValueError):
    """The text is not JSON as this system takes it; `line` is where reading stopped, when that is known."""

    line: int | None = None


def loads(raw: bytes) -> Any:
    """Parse `raw`; raises `NotStrictJson`. Numbers are int or finite float; integers have at most 18 digits,
    decimals keep the way they are written.
    """
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
            parse_float=_decimal,
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


def _decimal(text: str) -> float:
    try:
        return as_written(text)
    except ValueError:
        raise NotStrictJson("number") from None


def _short_int(text: str) -> int:
    if len(text) > WHOLE_LETTERS_MAX:
        raise NotStrictJson("number")
    return int(text)

"""JSON whose decimals stay as they were written: FHIR counts the zeros of 0.10, and every digit it is given.

A number that a float would write in another way is a `Written`. It reckons, compares and is sealed as the float it is;
only its text is its own. What is written here has that text; everything else in Python writes a float's.
"""

import json
import math
import re
import secrets
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

#: Letters of a number written plain, which PostgreSQL's numeric takes with room to spare.
LETTERS_MAX: Final = 100
#: Letters of a number written plain without a point: what is written here the strict reader takes again.
WHOLE_LETTERS_MAX: Final = 18
# Nobody outside this process can write it, and it leaves the process in no text: a text of a caller's is never a mark.
_TAG: Final = secrets.token_hex(16)
_MARK: Final = re.compile(f'"{_TAG}([0-9]+)"')


class Written(float):
    """A number and the way it was written, plain (no exponent). Printed, it is that text."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> "Written":
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __repr__(self) -> str:
        return self.text

    __str__ = __repr__

    def __getnewargs__(self) -> tuple[str]:  # type: ignore[override] # it is made of its text
        return (self.text,)

    def __deepcopy__(self, _: Any) -> "Written":
        return self


def as_written(text: str) -> float:
    """The number `text` says: a float where that is written the same way, else a `Written`.

    Raises ValueError for what is no number, is not finite, or has more letters than are kept, as it stands or plain.
    """
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    as_float = repr(number)
    if as_float == text and "e" not in text:
        return number
    plain = _plain(text)
    return number if as_float in (text, plain) else Written(plain)


def _plain(text: str) -> str:
    """The number `text` says without an exponent, which is measured before it is written out."""
    try:
        told = Decimal(text)
    except InvalidOperation:
        raise ValueError("more digits than can be kept") from None
    if len(text) > LETTERS_MAX or abs(int(told.as_tuple().exponent)) > LETTERS_MAX:
        raise ValueError("more digits than can be kept")
    plain = format(told, "f")
    if len(plain) > (LETTERS_MAX if "." in plain else WHOLE_LETTERS_MAX):
        raise ValueError("more digits than can be kept")
    return plain


def exact(number: float) -> Decimal:
    """`number` with all the digits it was written with, to compare it or to reckon with it."""
    return Decimal(str(number))


def places(number: float) -> int:
    """How many decimal places `number` needs: zeros at the end need none."""
    return len(format(exact(number), "f").partition(".")[2].rstrip("0"))


def loads(text: str | bytes) -> Any:
    """Parse JSON of our own; decimals keep the way they are written, as far as that can be kept."""
    return json.loads(text, parse_float=_read)


def _read(text: str) -> float:
    try:
        return as_written(text)
    except ValueError:
        return float(text)


def dumps(value: Any) -> str:
    """`value` as compact JSON, each decimal as it was written."""
    return exactly(value, lambda plain: json.dumps(plain, ensure_ascii=False, separators=(",", ":")))


def dumps_for_people(value: Any) -> str:
    """`value` as JSON on many lines, each decimal as it was written."""
    return exactly(value, lambda plain: json.dumps(plain, ensure_ascii=False, indent=1))


def exactly(value: Any, write: Callable[[Any], str]) -> str:
    """What `write` makes of `value`, each decimal in it as it was written."""
    if not _holds_written(value):
        return write(value)
    kept: list[str] = []
    text = write(_marked(value, kept))
    return _MARK.sub(lambda mark: kept[int(mark[1])], text)


def _holds_written(value: Any) -> bool:
    pending = [value]
    while pending:
        one = pending.pop()
        kind = type(one)
        if kind is str:
            continue
        if kind is dict:
            pending.extend(one.values())
        elif kind is list or kind is tuple:
            pending.extend(one)
        elif kind is Written:
            return True
    return False


def _marked(value: Any, kept: list[str]) -> Any:
    """`value` with a mark for each `Written`: the standard writer would write it as the float it is."""
    if type(value) is Written:
        kept.append(value.text)
        return f"{_TAG}{len(kept) - 1}"
    if isinstance(value, dict):
        return {key: _marked(one, kept) for key, one in value.items()}
    return [_marked(one, kept) for one in value] if isinstance(value, list | tuple) else value

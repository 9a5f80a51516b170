"""What an item allows as its answer: least and most, length, pattern, decimals, rows, bytes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from kernel.exact_json import exact

_NUMBERS: Final = frozenset({"integer", "decimal", "quantity"})
_MOMENTS: Final = frozenset({"date", "dateTime", "time"})
_TEXTS: Final = frozenset({"string", "text", "url", "open-choice"})
ROWS_MAX: Final = 20
_VARIABLE: Final = re.compile(r"(?<!\\)(?:\\\\)*(?:[*+?]|\{\d{0,4},\d{0,4}\})")
_UNSAFE: Final = re.compile(r"\)\s*(?:[*+]|\{)|\(\?(?!:)|\\[1-9]|\\[kpPXGZ]|\[\[|--|&&|\|\||~~")
PATTERN_MAX: Final = 300
#: Smart Forms writes the pattern as the FHIRPath that tries it.
_MATCHES: Final = re.compile(r"\s*matches\(\s*'(.*)'\s*\)\s*", re.DOTALL)


class Notes(Protocol):
    """What reading limits needs of the reading of a whole document."""

    dropped: set[str]

    def refuse(self, path: str, code: str) -> None:
        """Note a refusal."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one item, in the units its answers have."""

    minimum: Any = None
    maximum: Any = None
    min_length: int = 0
    pattern: str = ""
    max_decimals: int | None = None
    min_rows: int = 0
    max_rows: int = 1
    step: int = 1
    max_bytes: int = 0


def read_limits(kind: str, extensions: Mapping[str, Any], repeats: bool, path: str, reading: Notes) -> Limits:
    """The limits in an item's extensions; those that no answer can be held against are refused or named."""
    counts = {
        name: _count(extensions, name, most, path, reading)
        for name, most in (
            ("minOccurs", 1_000),
            ("maxOccurs", 1_000),
            ("maxDecimalPlaces", 20),
            ("minLength", 10_000),
            ("sliderStepValue", 1_000),
        )
    }
    bounds = [_bound(kind, extensions, name, path, reading) for name in ("min", "max")]
    if None not in bounds and _order(bounds[0]) > _order(bounds[1]):
        reading.refuse(f"{path}.extension", "least_above_most")
    least, most = counts["minOccurs"] or 0, counts["maxOccurs"]
    if most is not None and least > most:
        reading.refuse(f"{path}.extension", "least_above_most")
    if least > ROWS_MAX:
        # A page of that many rows is filled in by nobody; asked as often as there are answers.
        reading.dropped.add(f"item: minOccurs above {ROWS_MAX}")
        least = 0
    size = extensions.get("maxSize")
    if size is not None and (isinstance(size, bool) or not isinstance(size, int | float) or size < 0):
        reading.refuse(f"{path}.extension", "wrong_type")
        size = None
    return Limits(
        minimum=bounds[0],
        maximum=bounds[1],
        min_length=counts["minLength"] or 0,
        pattern=_pattern(kind, extensions, reading),
        max_decimals=counts["maxDecimalPlaces"],
        min_rows=least,
        max_rows=(counts["maxOccurs"] or ROWS_MAX) if repeats else 1,
        step=counts["sliderStepValue"] or 1,
        max_bytes=int(min(size or 0, 1_000) * 1_000_000),
    )


def _order(bound: Any) -> Any:
    return exact(bound) if isinstance(bound, int | float) else bound


def _count(extensions: Mapping[str, Any], name: str, most: int, path: str, reading: Notes) -> int | None:
    value = extensions.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        reading.refuse(f"{path}.extension", "out_of_range")
        return None
    return value


def _bound(kind: str, extensions: Mapping[str, Any], side: str, path: str, reading: Notes) -> Any:
    value = extensions.get(f"{side}Value")
    if value is None:
        value = extensions.get(f"{side}Quantity")
    if value is None:
        return None
    if isinstance(value, Mapping):
        value = value.get("value")
    if kind in _NUMBERS and isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if kind in _MOMENTS and isinstance(value, str):
        return value
    if kind in _NUMBERS | _MOMENTS:
        reading.refuse(f"{path}.extension", "wrong_type")
    else:
        reading.dropped.add(f"item: {side}Value on {kind}")
    return None


def _pattern(kind: str, extensions: Mapping[str, Any], reading: Notes) -> str:
    """A pattern that can be tried on 200 letters in good time; others are named as not honoured."""
    pattern = extensions.get("regex")
    if pattern is None:
        return ""
    if isinstance(pattern, str) and (wrapped := _MATCHES.fullmatch(pattern)):
        pattern = wrapped.group(1).replace("\\\\", "\\")
    bare = re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "x", str(pattern))
    sound = isinstance(pattern, str) and len(pattern) <= PATTERN_MAX and kind in _TEXTS
    if not sound or _UNSAFE.search(pattern) or len(_VARIABLE.findall(bare)) > 3:
        reading.dropped.add("item: regex")
        return ""
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        reading.dropped.add("item: regex")
        return ""
    return str(pattern)

"""The functions of FHIRPath that take values and give values: no clock, no server, no regular expression."""

import math
from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal, DecimalException
from typing import Any, Final

#: A number beyond this, or a text longer, is no answer to any question.
LARGEST: Final = Decimal(10) ** 15
LETTERS_MAX: Final = 20_000
_SCORES: Final = ("ordinalValue", "itemWeight")
Found = list[Any]
Function = Callable[..., Found]


class ExpressionFailed(Exception):
    """The expression cannot be worked out for these answers, or costs too much."""


#: Functions whose arguments are worked out again for each value; how many they take.
WITH_EXPRESSION: Final[Mapping[str, tuple[int, ...]]] = {
    "where": (1,),
    "select": (1,),
    "all": (1,),
    "exists": (0, 1),
    "repeat": (1,),
    "iif": (2, 3),
    "aggregate": (1, 2),
}


def number(value: Any) -> Decimal:
    """A number that is one, and not too large; raises `ExpressionFailed`."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ExpressionFailed
    made = value if isinstance(value, Decimal) else Decimal(str(value))
    if not made.is_finite() or abs(made) > LARGEST:
        raise ExpressionFailed
    return made


def text(value: Any) -> str:
    """A text that is one, and not too long; raises `ExpressionFailed`."""
    if not isinstance(value, str) or len(value) > LETTERS_MAX:
        raise ExpressionFailed
    return value


def single(found: Found) -> Any:
    """The one value there is; None for none. Raises `ExpressionFailed` for several."""
    if len(found) > 1:
        raise ExpressionFailed
    return found[0] if found else None


def as_text(value: Any) -> str:
    """A value as FHIRPath writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return format(number(value), "f")
    return text(value)


def same(one: Any, other: Any) -> bool:
    """Are two values equal? Numbers by what they amount to, however they are written."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float | Decimal) and isinstance(other, int | float | Decimal):
        return number(one) == number(other)
    return bool(type(one) is type(other) and one == other)


def weight(found: Iterable[Any]) -> int:
    """How much there is to compare in the values: each one, and all that is in it."""
    level, count = list(found), 0
    while level:
        count += len(level)
        level = children(level)
    return count


def distinct(found: Iterable[Any]) -> Found:
    """Each value once, in order."""
    kept: Found = []
    for one in found:
        if not any(same(one, other) for other in kept):
            kept.append(one)
    return kept


def children(found: Iterable[Any]) -> Found:
    """What is directly in each value."""
    inside: Found = []
    for one in found:
        for value in one.values() if isinstance(one, Mapping) else ():
            inside += value if isinstance(value, list) else [value]
    return inside


def score(value: Any) -> Found:
    """The points of a chosen answer; of a number, the number."""
    if not isinstance(value, Mapping):
        return [number(value)] if isinstance(value, int | float | Decimal) else []
    for extension in value.get("extension") or ():
        if str(extension.get("url", "")).rpartition("/")[2] in _SCORES and "valueDecimal" in extension:
            return [number(extension["valueDecimal"])]
    return []


def _of_numbers(work: Callable[[Decimal], Any]) -> Function:
    def done(found: Found) -> Found:
        value = single(found)
        return [] if value is None else [number(work(number(value)))]

    return done


def _of_texts(work: Callable[..., Any]) -> Function:
    def done(found: Found, *given: Found) -> Found:
        values = [single(found), *(single(one) for one in given)]
        if any(value is None for value in values):
            return []
        made = work(text(values[0]), *values[1:])
        return [] if made is None else [text(made) if isinstance(made, str) else made]

    return done


def _round(found: Found, digits: Found | None = None) -> Found:
    value = single(found)
    if value is None:
        return []
    places = int(number(single(digits) or 0)) if digits else 0
    if not 0 <= places <= 12:
        raise ExpressionFailed
    return [number(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)]


def _power(found: Found, exponent: Found) -> Found:
    value, by = single(found), single(exponent)
    if value is None or by is None:
        return []
    base, most = number(value), number(by)
    if abs(most) > 1_000 or (base < 0 and most != int(most)) or (base == 0 and most < 0):
        return []
    return [number(base**most)]


def _exp(value: Decimal) -> Decimal:
    if value > 40:
        raise ExpressionFailed
    return value.exp()


def _ln(found: Found) -> Found:
    value = single(found)
    return [] if value is None or number(value) <= 0 else [number(value).ln()]


def _log(found: Found, base: Found) -> Found:
    above, below = _ln(found), _ln(base)
    return [above[0] / below[0]] if above and below and below[0] else []


def _sum(found: Found) -> Found:
    return [sum((number(one) for one in found), Decimal(0))]


def _mean(found: Found) -> Found:
    return [number(_sum(found)[0] / len(found))] if found else []


def _most(found: Found) -> Found:
    return [max(map(number, found))] if found else []


def _least(found: Found) -> Found:
    return [min(map(number, found))] if found else []


def _to_decimal(found: Found) -> Found:
    value = single(found)
    if isinstance(value, bool):
        return [Decimal(int(value))]
    if isinstance(value, str):
        if len(value) > 40:
            return []
        try:
            return [number(Decimal(value.strip()))]
        except DecimalException:
            return []
    return [] if value is None or isinstance(value, Mapping) else [number(value)]


def _to_integer(found: Found) -> Found:
    made = _to_decimal(found)
    return made if made and made[0] == made[0].to_integral_value() else []


def _to_string(found: Found) -> Found:
    value = single(found)
    return [] if value is None or isinstance(value, Mapping) else [as_text(value)]


def _join(found: Found, between: Found | None = None) -> Found:
    if not found:
        return []
    by = text(single(between) or "") if between else ""
    # Counted before it is made: thousands of long texts together are no text to make.
    if sum(len(text(one)) + len(by) for one in found) > LETTERS_MAX + len(by):
        raise ExpressionFailed
    return [by.join(found)]


def _substring(value: str, start: Any, length: Any = None) -> str | None:
    begin = int(number(start))
    if not 0 <= begin < len(value):
        return None
    return value[begin:] if length is None else value[begin : begin + max(int(number(length)), 0)]


def _replace(value: str, old: Any, new: Any) -> str:
    if value.count(text(old)) * len(text(new)) > LETTERS_MAX:
        raise ExpressionFailed
    return value.replace(text(old), text(new))


def _take(found: Found, most: Found) -> Found:
    return found[: max(int(number(single(most))), 0)]


def _skip(found: Found, most: Found) -> Found:
    return found[max(int(number(single(most))), 0) :]


def _descendants(found: Found) -> Found:
    every: Found = []
    level = children(found)
    while level:
        every += level
        if len(every) > 50_000:
            raise ExpressionFailed
        level = children(level)
    return every


def _not(found: Found) -> Found:
    value = single(found)
    return [] if value is None else [value is False]


#: Name -> how many arguments it takes, and what it does with what it is asked of and with them.
FUNCTIONS: Final[Mapping[str, tuple[tuple[int, ...], Function]]] = {
    "empty": ((0,), lambda found: [not found]),
    "not": ((0,), _not),
    "hasValue": ((0,), lambda found: [len(found) == 1 and not isinstance(found[0], Mapping)]),
    "count": ((0,), lambda found: [Decimal(len(found))]),
    "first": ((0,), lambda found: found[:1]),
    "last": ((0,), lambda found: found[-1:]),
    "tail": ((0,), lambda found: found[1:]),
    "single": ((0,), lambda found: [single(found)] if found else []),
    "take": ((1,), _take),
    "skip": ((1,), _skip),
    "distinct": ((0,), distinct),
    "isDistinct": ((0,), lambda found: [len(distinct(found)) == len(found)]),
    "union": ((1,), lambda found, more: distinct([*found, *more])),
    "combine": ((1,), lambda found, more: [*found, *more]),
    "intersect": ((1,), lambda found, more: distinct(o for o in found if any(same(o, m) for m in more))),
    "exclude": ((1,), lambda found, more: [o for o in found if not any(same(o, m) for m in more)]),
    "allTrue": ((0,), lambda found: [all(one is True for one in found)]),
    "anyTrue": ((0,), lambda found: [any(one is True for one in found)]),
    "allFalse": ((0,), lambda found: [all(one is False for one in found)]),
    "anyFalse": ((0,), lambda found: [any(one is False for one in found)]),
    "children": ((0,), children),
    "descendants": ((0,), _descendants),
    "ordinal": ((0,), lambda found: [points for one in found for points in score(one)]),
    "weight": ((0,), lambda found: [points for one in found for points in score(one)]),
    "sum": ((0,), _sum),
    "avg": ((0,), _mean),
    "min": ((0,), _least),
    "max": ((0,), _most),
    "round": ((0, 1), _round),
    "abs": ((0,), _of_numbers(abs)),
    "ceiling": ((0,), _of_numbers(math.ceil)),
    "floor": ((0,), _of_numbers(math.floor)),
    "truncate": ((0,), _of_numbers(math.trunc)),
    "sqrt": ((0,), lambda found: _power(found, [Decimal("0.5")])),
    "power": ((1,), _power),
    "exp": ((0,), _of_numbers(_exp)),
    "ln": ((0,), _ln),
    "log": ((1,), _log),
    "toInteger": ((0,), _to_integer),
    "toDecimal": ((0,), _to_decimal),
    "toString": ((0,), _to_string),
    "join": ((0, 1), _join),
    "length": ((0,), _of_texts(lambda value: Decimal(len(value)))),
    "lower": ((0,), _of_texts(str.lower)),
    "upper": ((0,), _of_texts(str.upper)),
    "trim": ((0,), _of_texts(str.strip)),
    "startsWith": ((1,), _of_texts(lambda value, other: value.startswith(text(other)))),
    "endsWith": ((1,), _of_texts(lambda value, other: value.endswith(text(other)))),
    "contains": ((1,), _of_texts(lambda value, other: text(other) in value)),
    "indexOf": ((1,), _of_texts(lambda value, other: Decimal(value.find(text(other))))),
    "substring": ((1, 2), _of_texts(_substring)),
    "replace": ((2,), _of_texts(_replace)),
}

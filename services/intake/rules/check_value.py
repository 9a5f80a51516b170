"""Is this an answer to this question? One check for pages, saved queues and FHIR responses."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from kernel.exact_json import exact, places
from services.intake.rules.form import NOT_SURE, Item, answers_in

_URL: Final = re.compile(r"(https?://|urn:)\S{1,2000}")
_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")
#: A pattern is tried on no more letters than this: see `read_limits` for what a pattern may hold.
PATTERN_TEXT_MAX: Final = 200
#: An amount nobody set a bound for is still a number that can be stored and compared.
_LARGEST: Final = 1e12
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def fault(item: Item, value: Any) -> str | None:
    """The code of what is wrong with `value` as the answer to `item`, or None. None is no answer: nothing wrong."""
    if value is None:
        return None
    if value == NOT_SURE:
        return None if item.offers_not_sure else "not_in_values"
    if item.kind == "group":
        return _rows_fault(item, value)
    if not item.repeats:
        return _one_fault(item, value)
    if not isinstance(value, list):
        return "wrong_type"
    if len(value) > item.max_rows:
        return "too_many"
    if item.options and len({str(one) for one in value}) != len(value):
        return "duplicate"
    exclusive = [one for one in value if isinstance(one, str) and (o := item.option(one)) and o.exclusive]
    if exclusive and len(value) > 1:
        return "none_with_others"
    return next((code for one in value if (code := _one_fault(item, one))), None)


def _rows_fault(group: Item, rows: Any) -> str | None:
    if not isinstance(rows, list) or any(not isinstance(row, Mapping) for row in rows):
        return "wrong_type"
    if code := rows_fault(group, rows):
        return code
    columns = {child.link_id: child for child in answers_in(group)}
    for row in rows:
        for key, value in row.items():
            if key not in columns:
                return "unknown_field"
            code = fault(columns[key], value)
            if code:
                return code
    return None


def rows_fault(group: Item, rows: Sequence[Mapping[str, Any]]) -> str | None:
    """What is wrong with the rows of a repeating group taken together, whatever each of them says."""
    if len(rows) > group.max_rows:
        return "too_many"
    if not group.ticks:
        return None
    chosen = [option for row in rows if (option := group.items[0].option(str(row.get(group.rows_of))))]
    if len(rows) > 1 and any(option.exclusive for option in chosen):
        return "none_with_others"
    return "duplicate" if len({option.code for option in chosen}) < len(chosen) else None


def _one_fault(item: Item, value: Any) -> str | None:
    if item.kind == "open-choice" and isinstance(value, Mapping):
        return _text_fault(item, value.get("text")) if set(value) == {"text"} else "wrong_type"
    if item.kind in ("choice", "open-choice"):
        if not isinstance(value, str):
            return "wrong_type"
        return None if item.option(value) else "not_in_values"
    if item.options:
        # What is listed is an answer, also a year for a date; anything else is told what is wrong with it first.
        said = value.get("value") if isinstance(value, Mapping) else value
        listed = not isinstance(said, bool) and item.option(str(said)) is not None
        return None if listed else _kind_fault(item, value) or "not_in_values"
    return _kind_fault(item, value)


def _kind_fault(item: Item, value: Any) -> str | None:
    kind = item.kind
    if kind == "boolean":
        return None if isinstance(value, bool) else "wrong_type"
    if kind in ("integer", "decimal"):
        return _number_fault(item, value)
    if kind == "quantity":
        return _quantity_fault(item, value)
    if kind == "attachment":
        return None if isinstance(value, Mapping) and isinstance(value.get("id"), str) else "wrong_type"
    if not isinstance(value, str):
        return "wrong_type"
    if kind in ("date", "dateTime", "time"):
        return _moment_fault(item, value)
    if kind == "url" and not _URL.fullmatch(value):
        return "not_an_address"
    return _text_fault(item, value)


def _number_fault(item: Item, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "wrong_type"
    if item.kind == "integer" and not isinstance(value, int):
        return "wrong_type"
    return _amount_fault(item, value, bounds(item))


def _amount_fault(item: Item, amount: float, allowed: tuple[Any, Any]) -> str | None:
    """Judged by every digit it has: a float's own comparison ends at the seventeenth."""
    least, most = allowed
    told = exact(amount)
    if (least is not None and told < exact(least)) or (most is not None and told > exact(most)):
        return "out_of_range"
    if item.max_decimals is not None and places(amount) > item.max_decimals:
        return "too_many_decimals"
    return None


def bounds(item: Item) -> tuple[Any, Any]:
    """The least and the most number a question takes; None where it sets no bound."""
    least, most = item.minimum, item.maximum
    if item.kind == "quantity" and item.variable:
        # What a rule reads is a count or a length of time: never below nothing.
        return 0 if least is None else least, 1_000_000 if most is None else most
    return least, most


def _quantity_fault(item: Item, value: Any) -> str | None:
    if not isinstance(value, Mapping) or not set(value) <= {"value", "unit"}:
        return "wrong_type"
    amount = value.get("value")
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        return "wrong_type"
    if item.units and value.get("unit") not in {unit.code for unit in item.units}:
        return "not_in_values"
    least, most = bounds(item)
    allowed = (-_LARGEST if least is None else least, _LARGEST if most is None else most)
    return _amount_fault(item, amount, allowed)


def _text_fault(item: Item, value: Any) -> str | None:
    if not isinstance(value, str):
        return "wrong_type"
    if len(value) > item.max_length:
        return "too_long"
    if len(value) < item.min_length:
        return "too_short"
    if _CONTROL.search(value):
        return "control_characters"
    if item.pattern and (len(value) > PATTERN_TEXT_MAX or not re.fullmatch(item.pattern, value)):
        return "pattern"
    return None


def _moment_fault(item: Item, value: str) -> str | None:
    """Dates and times are compared as they are written: in one form, ISO 8601, that is their order."""
    if item.kind == "time":
        if not _TIME.fullmatch(value):
            return "not_a_time"
    else:
        try:
            if item.kind == "date":
                date.fromisoformat(value if len(value) == 10 else "")
            else:
                datetime.fromisoformat(value)
        except ValueError:
            return "not_a_date"
    if item.minimum is not None and value < str(item.minimum)[: len(value)]:
        return "too_early"
    if item.maximum is not None and value[: len(str(item.maximum))] > str(item.maximum):
        return "too_late"
    return None

"""Is this an answer to this question? One check for pages, saved queues and FHIR responses."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from services.intake.rules.form import NOT_SURE, Item

_URL: Final = re.compile(r"(https?://|urn:)\S{1,2000}")
_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")
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
    if len(value) > max(item.max_rows, len(item.options)):
        return "too_many"
    if item.kind == "choice" and len({str(one) for one in value}) != len(value):
        return "duplicate"
    exclusive = [one for one in value if isinstance(one, str) and (o := item.option(one)) and o.exclusive]
    if exclusive and len(value) > 1:
        return "none_with_others"
    return next((code for one in value if (code := _one_fault(item, one))), None)


def _rows_fault(group: Item, rows: Any) -> str | None:
    if not isinstance(rows, list) or any(not isinstance(row, Mapping) for row in rows):
        return "wrong_type"
    if len(rows) > group.max_rows:
        return "too_many"
    columns = {child.link_id: child for child in group.items}
    for row in rows:
        for key, value in row.items():
            if key not in columns:
                return "unknown_field"
            code = fault(columns[key], value)
            if code:
                return code
        if any(child.required and row.get(child.link_id) in (None, "") for child in group.items) and row:
            return "row_incomplete"
    return None


def _one_fault(item: Item, value: Any) -> str | None:  # noqa: PLR0912 - one arm for each FHIR type
    kind = item.kind
    if kind == "boolean":
        return None if isinstance(value, bool) else "wrong_type"
    if kind in ("integer", "decimal"):
        return _number_fault(item, value)
    if kind == "quantity":
        return _quantity_fault(item, value)
    if kind == "choice":
        if not isinstance(value, str):
            return "wrong_type"
        return None if item.option(value) else "not_in_values"
    if kind == "open-choice" and isinstance(value, Mapping):
        return _text_fault(item, value.get("text"))
    if kind == "open-choice":
        return None if isinstance(value, str) and item.option(value) else "not_in_values"
    if kind == "attachment":
        return None if isinstance(value, Mapping) and isinstance(value.get("id"), str) else "wrong_type"
    if not isinstance(value, str):
        return "wrong_type"
    if kind == "date":
        return _date_fault(item, value)
    if kind == "dateTime":
        return _moment_fault(value)
    if kind == "time":
        return None if _TIME.fullmatch(value) else "wrong_type"
    if kind == "url":
        return None if _URL.fullmatch(value) else "wrong_type"
    return _text_fault(item, value)


def _number_fault(item: Item, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "wrong_type"
    if item.kind == "integer" and not isinstance(value, int):
        return "wrong_type"
    if item.minimum is not None and value < item.minimum:
        return "out_of_range"
    if item.maximum is not None and value > item.maximum:
        return "out_of_range"
    if item.max_decimals is not None and round(value, item.max_decimals) != value:
        return "too_many_decimals"
    return None


def _quantity_fault(item: Item, value: Any) -> str | None:
    if not isinstance(value, Mapping) or not set(value) <= {"value", "unit"}:
        return "wrong_type"
    amount = value.get("value")
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        return "wrong_type"
    if item.units and value.get("unit") not in {unit.code for unit in item.units}:
        return "not_in_values"
    if amount < (item.minimum if item.minimum is not None else 0):
        return "out_of_range"
    if amount > (item.maximum if item.maximum is not None else 1_000_000):
        return "out_of_range"
    return None


def _text_fault(item: Item, value: Any) -> str | None:
    if not isinstance(value, str):
        return "wrong_type"
    if len(value) > item.max_length:
        return "too_long"
    if _CONTROL.search(value):
        return "control_characters"
    return None


def _date_fault(item: Item, value: str) -> str | None:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return "not_a_date"
    if len(value) != 10:
        return "not_a_date"
    if item.minimum is not None and day.isoformat() < str(item.minimum):
        return "out_of_range"
    if item.maximum is not None and day.isoformat() > str(item.maximum):
        return "out_of_range"
    return None


def _moment_fault(value: str) -> str | None:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return "not_a_date"
    return None

"""What an expression found, as the answer to a question; None when it is none."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from kernel.exact_json import as_written, exact
from services.intake.rules.check_value import fault
from services.intake.rules.expression_words import ExpressionFailed, Found, as_text
from services.intake.rules.form import Item

#: Decimals kept where the question does not say how many.
DECIMALS: Final = 4


def answer_found(item: Item, found: Found) -> Any:
    """The answer to `item` that the values `found` are; None when they are none, too many, or out of its limits."""
    try:
        values = [value for one in found if (value := _as_answer(item, one)) is not None]
        if not values or len(values) < len(found) or (len(values) > 1 and not item.repeats):
            return None
        value = values if item.repeats else values[0]
        return None if fault(item, value) else value
    except (ExpressionFailed, ValueError, ArithmeticError):
        return None


def _as_answer(item: Item, found: Any) -> Any:
    """A value found as an answer of the item's type; None when it is none."""
    if item.kind in ("integer", "decimal"):
        return _number(item, found)
    if item.kind == "quantity":
        amount = found.get("value") if isinstance(found, Mapping) else found
        unit = found.get("code") or found.get("unit") if isinstance(found, Mapping) else None
        number = _number(item, amount)
        own = item.units[0].code if item.units else ""
        return None if number is None else {"value": number, "unit": unit or own}
    if item.kind == "boolean":
        return found if isinstance(found, bool) else None
    if item.kind in ("choice", "open-choice"):
        return _chosen(item, found)
    if isinstance(found, Mapping):
        return found.get("display") if item.kind in ("string", "text") else None
    return as_text(found)


def _number(item: Item, found: Any) -> int | float | None:
    if isinstance(found, bool) or not isinstance(found, int | float | Decimal):
        return None
    told = found if isinstance(found, Decimal) else exact(found)
    if told == told.to_integral_value():
        return int(told)
    if item.kind == "integer":
        return None
    decimals = DECIMALS if item.max_decimals is None else item.max_decimals
    exponent = told.as_tuple().exponent
    rounded = round(told, decimals) if isinstance(exponent, int) and -exponent > decimals else told
    return as_written(format(rounded, "f"))


def _chosen(item: Item, found: Found | Any) -> Any:
    said = as_text(found) if not isinstance(found, Mapping) else found.get("code") or found.get("display")
    system = found.get("system") if isinstance(found, Mapping) else None
    for option in item.options:
        if said in (option.own_code, option.code) and system in (None, "", option.system):
            return option.code
    named = next((one.code for one in item.options if said in one.text.values()), None)
    shown = found.get("display") if isinstance(found, Mapping) else None
    return named or ({"text": str(shown or said)} if item.kind == "open-choice" and said else None)

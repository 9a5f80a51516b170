"""Answers that a questionnaire works out from others: totals, an index, a sentence put together."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, Final

from kernel.exact_json import as_written, exact
from services.intake.rules.branching import on_open_answers, without_hidden
from services.intake.rules.check_value import fault
from services.intake.rules.evaluate_expression import ALL_STEPS_MAX, Purse, StepsSpent
from services.intake.rules.expression_words import ExpressionFailed, Found, as_text
from services.intake.rules.form import Form, Item, Items
from services.intake.rules.form_expressions import FormExpressions

#: One answer may be worked out from another that is itself worked out; a form that never comes to rest stops here.
ROUNDS_MAX: Final = 10
#: Decimals kept where the question does not say how many.
DECIMALS: Final = 4


def calculate_answers(
    form: Form,
    items: Items,
    protected: Collection[str],
    purse: Purse | None = None,
    given_up: set[str] | None = None,
) -> dict[str, Any]:
    """`items` with every calculated answer as it follows from the open ones, and without answers to closed questions.

    What cannot be worked out, or is no answer to its question, is left empty. So is what takes more steps than there
    are (an older total would be a wrong one) and what never comes to rest, such as a sum with itself in it: their
    linkIds are put into `given_up`. Answers people gave are never changed.
    """
    purse = purse or Purse(ALL_STEPS_MAX)
    given_up = set() if given_up is None else given_up
    made = {item.link_id for item in form.calculated}
    # From what people said alone: what was worked out before must not count in what is worked out now.
    given = {key: value for key, value in items.items() if key not in made}
    found: dict[str, Any] = {}
    for _ in range(ROUNDS_MAX):
        before, work = found, on_open_answers(form, {**given, **found}, purse)
        given_up.clear()
        answers = {item.link_id: _answer(item, work, given_up) for item in form.calculated}
        found = {key: value for key, value in answers.items() if value is not None}
        if found == before:
            break
    else:
        restless = {key for key in made if found.get(key) != before.get(key)}
        given_up |= restless
        found = {key: value for key, value in found.items() if key not in restless}
    return without_hidden(form, {**given, **found}, protected, purse)


def _answer(item: Item, work: FormExpressions, given_up: set[str]) -> Any:
    assert item.calculated is not None
    try:
        found = work.find(item.calculated)
        values = [value for one in found if (value := _as_answer(item, one)) is not None]
    except StepsSpent:
        given_up.add(item.link_id)
        return None
    except (ExpressionFailed, ValueError, ArithmeticError):
        return None
    if not values or len(values) < len(found) or (len(values) > 1 and not item.repeats):
        return None
    value = values if item.repeats else values[0]
    return None if fault(item, value) else value


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

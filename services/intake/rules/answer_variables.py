"""From answers by linkId to the protocol's variables. What was not answered stays absent: unknown, never "no"."""

import math
from collections.abc import Mapping
from typing import Any, Final

from services.intake.rules.branching import Branching
from services.intake.rules.evaluate_expression import Purse
from services.intake.rules.form import NOT_SURE, Form, Item, Items, walk

#: Minutes in each UCUM unit of time offered to patients; a month is 30 days, as in the clinic's tables.
MINUTES: Final[Mapping[str, float]] = {
    "min": 1,
    "h": 60,
    "d": 1_440,
    "wk": 10_080,
    "mo": 43_200,
    "a": 525_600,
}
#: The protocol's unit words, as UCUM.
UNIT_CODES: Final[Mapping[str, str]] = {
    "minutes": "min",
    "hours": "h",
    "days": "d",
    "weeks": "wk",
    "months": "mo",
    "years": "a",
}


def to_variables(
    form: Form,
    items: Items,
    units: Mapping[str, tuple[str, str]],
    protected: frozenset[str] = frozenset(),
    purse: Purse | None = None,
) -> dict[str, Any]:
    """The variables `items` fill. `units` gives (type, unit word) per variable, for converting quantities.

    Closed questions fill nothing, except `protected` variables (red flags): a flag once seen is not argued away
    by changing an earlier answer.
    """
    branching = Branching(form, items, purse=purse)
    found: dict[str, Any] = {}
    for link_id, value in items.items():
        item = form.by_id.get(link_id)
        if item is None or not item.variable or value is None or value == NOT_SURE:
            continue
        if item.variable not in protected and not branching.is_open(link_id):
            continue
        found[item.variable] = (
            _rows(item, value) if item.kind == "group" else _plain(item, value, units.get(item.variable))
        )
    return {name: value for name, value in found.items() if value is not None}


def _rows(group: Item, rows: Any) -> list[dict[str, Any]]:
    columns = {child.link_id: child for child in walk(group) if child.variable and child is not group}
    filled = []
    for row in rows:
        typed = {
            columns[key].variable: _plain(columns[key], value, None)
            for key, value in row.items()
            if key in columns and value is not None and value != NOT_SURE
        }
        if typed:
            filled.append(typed)
    return filled


def _plain(item: Item, value: Any, unit: tuple[str, str] | None) -> Any:
    if item.kind == "quantity" and isinstance(value, Mapping):
        return _converted(value, unit)
    if unit is not None and unit[0] == "int" and isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [one for one in value if isinstance(one, str)]
    if item.kind == "open-choice" and isinstance(value, Mapping):
        return None
    if item.kind == "choice" and unit is not None and unit[0] in ("int", "float") and isinstance(value, str):
        option = item.option(value)
        return None if option is None or option.score is None else int(option.score)
    # How it was written is the questionnaire's; a rule reads the number.
    return float(value) if isinstance(value, float) else value


def _converted(quantity: Mapping[str, Any], unit: tuple[str, str] | None) -> float | int | None:
    given, code = quantity.get("value"), str(quantity.get("unit", ""))
    if not isinstance(given, int | float) or unit is None:
        return None
    wanted = UNIT_CODES.get(unit[1], code)
    if code not in MINUTES or wanted not in MINUTES:
        return float(given) if isinstance(given, float) else given
    amount = given * MINUTES[code] / MINUTES[wanted]
    return math.floor(amount + 0.5) if unit[0] == "int" else round(amount, 3)

"""A question of the protocol as a form and back; what the form does not ask is kept."""

import math
from collections.abc import Mapping
from typing import Any

TYPES = (
    ("bool", "yes or no"),
    ("enum", "one of a list"),
    ("set", "any of a list"),
    ("int", "a whole number"),
    ("float", "a number"),
    ("date", "a day"),
    ("list", "rows, such as medicines"),
)
FILLED_BY = (("", "the patient"), ("staff", "staff"), ("record", "the record"))


def read_question(form: Mapping[str, str], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variable a posted form describes. Raises ValueError for a limit that is no number."""
    kind = form.get("type") or str(before.get("type") or "bool")
    made = {**before, "id": (form.get("id") or str(before.get("id") or "")).strip(), "type": kind}
    made["label"] = {"en": form.get("label_en", "").strip(), "es": form.get("label_es", "").strip()}
    for name in ("unit", "min", "max", "values", "filled_by"):
        made.pop(name, None)
    if form.get("unit", "").strip():
        made["unit"] = form["unit"].strip()
    if kind in ("int", "float"):
        made |= {name: number(form[name]) for name in ("min", "max") if form.get(name, "").strip()}
    if kind in ("enum", "set"):
        made["values"] = [line.strip() for line in form.get("values", "").splitlines() if line.strip()]
    if form.get("filled_by"):
        made["filled_by"] = form["filled_by"]
    return made


def number(text: str) -> int | float:
    """A number as it is typed. Raises ValueError for any other text, and for one without end."""
    given = float(text)
    if not math.isfinite(given):
        raise ValueError("a number has an end")
    return int(given) if given.is_integer() else given

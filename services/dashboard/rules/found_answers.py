"""Answers typed by staff, in the types the protocol wants; a field left alone stays unknown."""

from collections.abc import Mapping
from typing import Any


def read_answers(form: Mapping[str, list[str]], variables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return variable to value for every `answer.<variable>` that was filled in."""
    found: dict[str, Any] = {}
    for name, values in form.items():
        variable = name.removeprefix("answer.")
        known = variables.get(variable)
        given = [value.strip() for value in values if value.strip()]
        if not name.startswith("answer.") or known is None or not given:
            continue
        kind = known.get("type")
        if kind == "bool":
            found[variable] = given[0] == "yes"
        elif kind in ("int", "float"):
            number = _number(given[0])
            if number is not None:
                found[variable] = number
        elif kind == "set":
            found[variable] = given
        else:
            found[variable] = given[0]
    return found


def _number(text: str) -> int | float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return int(number) if number.is_integer() else number

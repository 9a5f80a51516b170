"""Answers typed by staff, in the types the protocol wants; a field left alone stays unknown."""

from collections.abc import Mapping
from typing import Any

#: Rows of a list that can be typed at once.
ROWS = tuple(str(number) for number in range(8))


def read_answers(form: Mapping[str, list[str]], variables: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return variable to value for every `answer.<variable>` that was filled in."""
    found: dict[str, Any] = {}
    for name, values in form.items():
        variable = name.removeprefix("answer.")
        known = variables.get(variable)
        given = [value.strip() for value in values if value.strip()]
        if not name.startswith("answer.") or known is None or not given:
            continue
        value = _value(known, given)
        if value is not None:
            found[variable] = value
    return found | _rows(form, variables)


def _value(known: Mapping[str, Any], given: list[str]) -> Any:
    kind = known.get("type")
    if kind == "bool":
        return given[0] == "yes"
    if kind in ("int", "float"):
        return _number(given[0])
    return given if kind == "set" else given[0]


def _rows(
    form: Mapping[str, list[str]], variables: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """Rows of lists, such as medicines, from `answer.<variable>.<row>.<column>`; an empty row is none."""
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for name, values in form.items():
        variable, _, place = name.removeprefix("answer.").partition(".")
        row, _, column = place.partition(".")
        columns = {str(one["id"]): one for one in variables.get(variable, {}).get("fields") or []}
        given = [value.strip() for value in values if value.strip()]
        if row in ROWS and column in columns and given:
            value = _value(columns[column], given)
            if value is not None:
                found.setdefault(variable, {}).setdefault(int(row), {})[column] = value
    return {variable: [rows[at] for at in sorted(rows)] for variable, rows in found.items()}


def _number(text: str) -> int | float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return int(number) if number.is_integer() else number

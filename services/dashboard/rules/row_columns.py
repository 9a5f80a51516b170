"""The columns of a question answered by rows, such as medicines, as a form and back, and how the rows are counted."""

from collections.abc import Mapping
from typing import Any

from services.dashboard.rules.question_form import number

TYPES = (
    ("enum", "one of a list"),
    ("bool", "yes or no"),
    ("int", "a whole number"),
    ("float", "a number"),
    ("date", "a day"),
)
#: Empty columns offered beside those there are.
SPARE = 2
FROM_FORM = ("required", "unit", "min", "max", "values")


class NoColon(ValueError):
    """A line of groups is no code with its answers."""


def columns_of(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The columns there are, and spare ones."""
    return [*(dict(one) for one in item.get("fields") or []), *({} for _ in range(SPARE))]


def groupings_of(item: Mapping[str, Any]) -> list[dict[str, str]]:
    """Each grouping as its code, the column it is by, and its groups in lines; and an empty one."""
    found = [
        {
            "id": str(code),
            "field": str(grouping.get("field") or ""),
            "groups": "\n".join(
                f"{name}: {', '.join(map(str, values))}"
                for name, values in (grouping.get("groups") or {}).items()
            ),
        }
        for code, grouping in (item.get("groupings") or {}).items()
    ]
    return [*found, {"id": "", "field": "", "groups": ""}]


def read_columns(form: Mapping[str, str], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return `fields` and `groupings` of a posted form; one without columns keeps those of `before`.

    Raises `NoColon` for a line of groups without one, another ValueError for a limit that is no number.
    """
    if not any(name.startswith("column.") for name in form):
        return {name: before[name] for name in ("fields", "groupings") if name in before}
    known = {str(one.get("id")): one for one in before.get("fields") or []}
    fields = []
    for at in _places(form, "column"):
        code = form.get(f"column.{at}.id", "").strip()
        if code:
            fields.append(_column(form, f"column.{at}.", code, known.get(code, {})))
    groupings = {}
    for at in _places(form, "grouping"):
        code = form.get(f"grouping.{at}.id", "").strip()
        if code:
            groups = _groups(form.get(f"grouping.{at}.groups", ""))
            groupings[code] = {"field": form.get(f"grouping.{at}.field", "").strip(), "groups": groups}
    return {"fields": fields, **({"groupings": groupings} if groupings else {})}


def _column(form: Mapping[str, str], at: str, code: str, before: Mapping[str, Any]) -> dict[str, Any]:
    made = {name: value for name, value in before.items() if name not in FROM_FORM}
    kind = form.get(f"{at}type") or str(before.get("type") or "enum")
    made |= {"id": code, "type": kind}
    if form.get(f"{at}required"):
        made["required"] = True
    if form.get(f"{at}unit", "").strip():
        made["unit"] = form[f"{at}unit"].strip()
    if kind in ("int", "float"):
        made |= {name: number(form[at + name]) for name in ("min", "max") if form.get(at + name, "").strip()}
    if kind == "enum":
        made["values"] = form.get(f"{at}values", "").split()
    return made


def _groups(lines: str) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for line in filter(None, map(str.strip, lines.splitlines())):
        name, colon, values = line.partition(":")
        if not colon:
            raise NoColon("a group is a code, a colon and its answers")
        groups[name.strip()] = [one for one in values.replace(",", " ").split() if one]
    return groups


def _places(form: Mapping[str, str], part: str) -> list[int]:
    found = {name.split(".")[1] for name in form if name.startswith(f"{part}.") and name.count(".") == 2}
    return sorted(int(one) for one in found if one.isascii() and one.isdigit() and len(one) < 4)

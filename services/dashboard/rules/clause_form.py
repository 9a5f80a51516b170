"""A condition as a form and back: each clause is a row with typed inputs, and nothing it carries is lost.

A row is named by its path: "c" is the whole condition, "c.0" its first clause, "c.0.2" the third clause of that.
"""

import copy
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kernel.read_whole import read_whole

GROUPS = (
    ("all", "All of these"),
    ("any", "Any of these"),
    ("n_of", "At least a number of these"),
    ("not", "Not this"),
)
GROUP_KEYS = {"all", "any", "n_of", "of", "not"}
LEAF_KEYS = {"variable", "operator", "value"}
BY_TYPE = {
    "bool": (("eq", "is"), ("ne", "is not")),
    "enum": (("eq", "is"), ("ne", "is not"), ("in", "is one of")),
    "set": (("contains", "includes"), ("contains_any", "includes any of"), ("count_ge", "names at least")),
    "int": (
        ("ge", "is at least"),
        ("gt", "is over"),
        ("le", "is at most"),
        ("lt", "is under"),
        ("eq", "is"),
        ("ne", "is not"),
    ),
    "float": (
        ("ge", "is at least"),
        ("gt", "is over"),
        ("le", "is at most"),
        ("lt", "is under"),
        ("eq", "is"),
        ("ne", "is not"),
    ),
}
MANY = {"in", "contains_any"}
DEEPEST = 6


@dataclass(frozen=True)
class Row:
    """One clause or group as shown. `input` is yesno, choice, choices, number, ref, diagnoses or ""."""

    path: str
    depth: int
    kind: str
    input: str = ""
    condition: dict[str, Any] = field(default_factory=dict)
    operators: tuple[tuple[str, str], ...] = ()
    variable: dict[str, Any] = field(default_factory=dict)
    carried: str = ""


def rows_of(
    condition: Any, variables: Mapping[str, dict[str, Any]], path: str = "c", depth: int = 0
) -> list[Row]:
    """Return the rows of a condition, parents before children."""
    given = condition if isinstance(condition, dict) else {}
    kind = kind_of(given)
    carried = {k: v for k, v in given.items() if k not in GROUP_KEYS | LEAF_KEYS | {"ref", "dx_any"}}
    rest = json.dumps(carried, ensure_ascii=False, sort_keys=True) if carried else ""
    if kind == "leaf":
        variable = variables.get(str(given.get("variable")), {})
        operators = BY_TYPE.get(str(variable.get("type")), BY_TYPE["bool"])
        return [Row(path, depth, kind, _input(variable, given), given, operators, variable, rest)]
    if kind in ("ref", "dx_any"):
        return [Row(path, depth, kind, {"ref": "ref", "dx_any": "diagnoses"}[kind], given, carried=rest)]
    made = [Row(path, depth, kind, condition=given, carried=rest)]
    for number, child in enumerate(children_of(given)):
        made += rows_of(child, variables, f"{path}.{number}", depth + 1)
    return made


def kind_of(condition: Mapping[str, Any]) -> str:
    """Return leaf, ref, dx_any, all, any, n_of or not."""
    for kind in ("ref", "dx_any", "all", "any", "n_of", "not"):
        if kind in condition:
            return kind
    return "leaf"


def children_of(condition: Mapping[str, Any]) -> list[Any]:
    """Return the clauses of a group."""
    if "n_of" in condition:
        return list(condition.get("of") or [])
    if "not" in condition:
        return [condition["not"]]
    return list(condition.get("all") or condition.get("any") or [])


def _input(variable: Mapping[str, Any], leaf: Mapping[str, Any]) -> str:
    kind, operator = variable.get("type"), leaf.get("operator")
    if kind in ("int", "float") or operator == "count_ge":
        return "number"
    if kind in ("enum", "set"):
        return "choices" if operator in MANY else "choice"
    return "yesno"


def read_condition(
    form: Mapping[str, list[str]], variables: Mapping[str, dict[str, Any]], path: str = "c"
) -> Any:
    """Return the condition a posted form describes. `form` maps names to all their values."""
    return _read(form, variables, path, 0)


def _read(
    form: Mapping[str, list[str]], variables: Mapping[str, dict[str, Any]], path: str, depth: int
) -> Any:
    kind = _one(form, f"{path}.kind") or "leaf"
    made: dict[str, Any] = _carried(form, path)
    if kind == "ref":
        return {**made, "ref": _one(form, f"{path}.ref")}
    if kind == "dx_any":
        return {**made, "dx_any": list(form.get(f"{path}.dx", []))}
    if kind == "leaf" or depth >= DEEPEST:
        return {**made, **_leaf(form, variables, path)}
    children: list[Any] = []
    while f"{path}.{len(children)}.kind" in form:
        children.append(_read(form, variables, f"{path}.{len(children)}", depth + 1))
    if kind == "n_of":
        number = read_whole(_one(form, f"{path}.n"), 999)
        return {**made, "n_of": 1 if number is None else number, "of": children}
    if kind == "not":
        return {**made, "not": children[0] if children else {}}
    return {**made, kind: children}


def _carried(form: Mapping[str, list[str]], path: str) -> dict[str, Any]:
    try:
        found = json.loads(_one(form, f"{path}.carried") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _leaf(
    form: Mapping[str, list[str]], variables: Mapping[str, dict[str, Any]], path: str
) -> dict[str, Any]:
    name = _one(form, f"{path}.variable")
    variable = variables.get(name, {})
    kind = str(variable.get("type"))
    allowed = [code for code, _ in BY_TYPE.get(kind, BY_TYPE["bool"])]
    operator = _one(form, f"{path}.operator")
    operator = operator if operator in allowed else allowed[0]
    given = [one for one in form.get(f"{path}.value", []) if one != ""]
    value: Any
    if kind == "bool":
        value = "true" in given or "false" not in given
    elif kind in ("int", "float") or operator == "count_ge":
        value = _number(given[0] if given else "")
    else:
        known = [one for one in given if one in (variable.get("values") or [])]
        fallback = list(variable.get("values") or [])[:1]
        value = (known or fallback) if operator in MANY else (known or fallback or [""])[0]
    return {"variable": name, "operator": operator, "value": value}


def _number(text: str) -> int | float | str:
    """A number as typed. What is no number stays the text it is: it is drawn again, and never saved as 0."""
    try:
        given = float(text)
    except ValueError:
        return "" if text in ("true", "false") else text
    if not math.isfinite(given):
        return text
    return int(given) if given.is_integer() else given


def unfinished(part: Any, variables: Mapping[str, dict[str, Any]]) -> bool:
    """Whether a clause anywhere in an item compares with a number that was not given as one."""
    if isinstance(part, Mapping):
        if "operator" in part and isinstance(part.get("value"), str):
            kind = variables.get(str(part.get("variable")), {}).get("type")
            return kind in ("int", "float") or part["operator"] == "count_ge"
        return any(unfinished(one, variables) for one in part.values())
    return isinstance(part, list) and any(unfinished(one, variables) for one in part)


def _one(form: Mapping[str, list[str]], name: str) -> str:
    values = form.get(name) or [""]
    return values[0].strip()


def edited(condition: Any, edit: str, clause: Mapping[str, Any]) -> Any:
    """Return the condition after one press: add, group, diagnosis, rule, remove or wrap, then `:<path>`.

    `clause` is what a new question begins as. A path that is not there changes nothing.
    """
    deed, _, path = edit.partition(":")
    whole = {"of": [copy.deepcopy(condition)]}
    numbers = (read_whole(step, 9_999) for step in path.split(".")[1:])
    steps = [step for step in numbers if step is not None]
    parent, place = whole["of"], 0
    for step in steps:
        group = _list_of(parent[place]) if place < len(parent) else None
        if group is None or step >= len(group):
            return condition
        parent, place = group, step
    leaf = dict(clause)
    if deed == "remove":
        if steps:
            del parent[place]
    elif deed == "wrap":
        parent[place] = _wrapped(parent[place], leaf)
    else:
        group = _list_of(parent[place])
        if group is None:
            parent[place] = _wrapped(parent[place], leaf)
        else:
            group.append(_ADDED.get(deed, leaf) if deed != "group" else {"any": [leaf]})
    return whole["of"][0]


# What a press adds besides a question; the form then lets one choose which.
_ADDED: dict[str, dict[str, Any]] = {"diagnosis": {"dx_any": ["ICHD_1_1"]}, "rule": {"ref": "RF_MYELO.when"}}


def first_clause(variables: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The clause a new question begins as: the first one answered yes or no, for the form to be changed."""
    name = next(
        (name for name, one in variables.items() if one.get("type") == "bool"), next(iter(variables), "")
    )
    return {"variable": name, "operator": "eq", "value": True}


def _wrapped(condition: Any, leaf: dict[str, Any]) -> dict[str, Any]:
    """Return the condition with a clause beside it; its name and notes stay on the outside."""
    given = condition if isinstance(condition, dict) else {}
    own = GROUP_KEYS | LEAF_KEYS | {"ref", "dx_any"}
    outside = {name: value for name, value in given.items() if name not in own}
    return {**outside, "all": [{name: value for name, value in given.items() if name in own}, leaf]}


def _list_of(condition: Any) -> list[Any] | None:
    if not isinstance(condition, dict):
        return None
    for key in ("all", "any", "of"):
        if isinstance(condition.get(key), list):
            found: list[Any] = condition[key]
            return found
    return None

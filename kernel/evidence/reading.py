"""Variables of a document, read into their types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kernel.evidence.document import Reader
from kernel.evidence.variables import NUMBERS, TYPES, Grouping, Variable

_VARIABLE_KEYS: Final = frozenset(
    {
        "unit",
        "min",
        "max",
        "values",
        "label",
        "filled_by",
        "note",
        "status",
        "source",
        "fields",
        "groupings",
        "required",
        "topic",
    }
)


def read_variables(reader: Reader) -> dict[str, Variable]:
    """The document's variables by id; faults are collected in ``reader``."""
    found: dict[str, Variable] = {}
    listed = reader.objects(
        reader.document, "variables", "variables", needs={"id": str, "type": str}, allows=_VARIABLE_KEYS
    )
    for index, entry in enumerate(listed):
        variable = _variable(reader, entry, f"variables[{index}]")
        if variable is not None:
            found[variable.id] = variable
    if not found:
        reader.refuse("variables", "missing", "at least one variable is needed")
    return found


def _variable(reader: Reader, entry: Mapping[str, Any], path: str) -> Variable | None:
    before = len(reader.problems)
    kind = entry["type"]
    if kind not in TYPES:
        reader.refuse(f"{path}.type", "wrong_value", f"no type {kind!r}")
    values = reader.texts(entry, "values", path)
    if kind in {"enum", "set"} and (not values or len(set(values)) != len(values)):
        reader.refuse(f"{path}.values", "wrong_value", "a list of different texts is needed")
    limits = {}
    for key in ("min", "max"):
        limit = entry.get(key)
        if isinstance(limit, bool) or not isinstance(limit, int | float | None):
            reader.refuse(f"{path}.{key}", "wrong_type", "a number is needed")
        limits[key] = limit
    if kind in NUMBERS and any(limit is None for limit in limits.values()):
        reader.refuse(path, "missing", "a number needs min and max")
    label = entry.get("label", {})
    if not isinstance(label, Mapping) or any(not isinstance(text, str) for text in label.values()):
        reader.refuse(f"{path}.label", "wrong_type", "texts by language are needed")
    fields = _fields(reader, entry, path) if kind == "list" else ()
    groupings = _groupings(reader, entry, fields, path) if kind == "list" else {}
    if len(reader.problems) != before:
        return None
    return Variable(
        id=entry["id"],
        type=kind,
        unit=entry.get("unit"),
        minimum=limits["min"],
        maximum=limits["max"],
        values=tuple(values),
        label=dict(label),
        filled_by=entry.get("filled_by"),
        fields=fields,
        required=entry.get("required") is True,
        groupings=groupings,
    )


def _fields(reader: Reader, entry: Mapping[str, Any], path: str) -> tuple[Variable, ...]:
    at = f"{path}.fields"
    listed = reader.objects(
        entry, "fields", at, needs={"id": str, "type": str}, allows=_VARIABLE_KEYS, unique=False
    )
    if not listed:
        reader.refuse(at, "missing", "a list needs the fields of its rows")
    fields = []
    for index, part in enumerate(listed):
        if part["type"] in {"list", "set"}:
            reader.refuse(f"{at}[{index}].type", "wrong_value", "a row holds single values only")
            continue
        field = _variable(reader, part, f"{at}[{index}]")
        if field is not None:
            fields.append(field)
    return tuple(fields)


def _groupings(
    reader: Reader, entry: Mapping[str, Any], fields: tuple[Variable, ...], path: str
) -> dict[str, Grouping]:
    found: dict[str, Grouping] = {}
    listed = entry.get("groupings", {})
    if not isinstance(listed, Mapping):
        reader.refuse(f"{path}.groupings", "wrong_type", "groupings by name are needed")
        return found
    for name, grouping in listed.items():
        at = f"{path}.groupings.{name}"
        groups = grouping.get("groups") if isinstance(grouping, Mapping) else None
        if not isinstance(groups, Mapping) or not groups:
            reader.refuse(at, "wrong_type", "a field and its groups are needed")
            continue
        column = next((one for one in fields if one.id == grouping.get("field")), None)
        group_of: dict[str, str] = {}
        for group in groups:
            for value in reader.texts(groups, group, f"{at}.groups"):
                if column is None or value not in column.values or value in group_of:
                    reader.refuse(
                        f"{at}.groups.{group}", "wrong_value", "each value of the field in one group at most"
                    )
                group_of[value] = group
        found[name] = Grouping(str(grouping.get("field")), group_of, tuple(groups))
    return found

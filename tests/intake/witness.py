"""Answers that make a condition of the protocol document true, found from the document itself."""

from collections.abc import Mapping
from typing import Any


def answers_for(condition: Mapping[str, Any], flags: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The least answers for which `condition` holds; `flags` resolves `{ref: ID.when}`."""
    if "all" in condition:
        return merged([answers_for(part, flags) for part in condition["all"]])
    if "any" in condition:
        return answers_for(condition["any"][0], flags)
    if "n_of" in condition:
        return merged([answers_for(part, flags) for part in condition["of"][: condition["n_of"]]])
    if "ref" in condition:
        return answers_for(flags[condition["ref"].removesuffix(".when")]["when"], flags)
    variable, operator, value = condition["variable"], condition["operator"], condition["value"]
    if operator in ("eq", "ge", "le"):
        return {variable: value}
    if operator == "in":
        return {variable: value[0]}
    if operator == "contains":
        return {variable: [value]}
    if operator == "contains_any":
        return {variable: [value[0]]}
    if operator == "gt":
        return {variable: value + 1}
    if operator == "lt":
        return {variable: value - 1}
    raise AssertionError(f"no witness for {operator}")


def merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """One set of answers; sets of the same variable are joined."""
    found: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            both = isinstance(value, list) and isinstance(found.get(name), list)
            found[name] = sorted({*found[name], *value}) if both else value
    return found

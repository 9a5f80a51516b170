"""Leaf clauses: one variable against one threshold, compiled once to a closure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from kernel.evidence.bounds import Bounds
from kernel.evidence.truth import FALSE, TRUE, UNKNOWN
from kernel.evidence.variables import NUMBERS, Variable

#: What one evaluation works on: first the answers, then every clause in the order it can be computed.
Slots = list[Any]
Test = Callable[[Slots], Any]

ORDERINGS: Final = frozenset({"lt", "le", "gt", "ge"})
OPERATORS: Final = ORDERINGS | {"eq", "ne", "in", "contains", "contains_any", "count_ge"}


def value_fault(variable: Variable, operator: str, value: object) -> str | None:
    """Why ``value`` cannot stand on the right of ``operator`` for this variable, or None."""
    kind = variable.type
    if kind == "list":
        return "a list is read through derived variables, not compared"
    if kind == "date":
        return "a date is read through derived variables, not compared"
    if operator in ORDERINGS:
        if kind not in NUMBERS:
            return f"{operator} needs a number variable, {variable.id} is {kind}"
        return None if _is_number(value) else f"{operator} needs a number"
    if operator == "count_ge":
        if kind != "set":
            return f"count_ge needs a set variable, {variable.id} is {kind}"
        whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
        return None if whole else "count_ge needs a whole number of at least 1"
    if operator in {"contains", "contains_any"}:
        if kind != "set":
            return f"{operator} needs a set variable, {variable.id} is {kind}"
        listed = value if operator == "contains_any" else [value]
        return _listed_fault(variable, listed)
    if kind == "set":
        return f"{operator} cannot compare the set {variable.id}"
    if operator == "in":
        return _listed_fault(variable, value)
    return _single_fault(variable, value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _listed_fault(variable: Variable, listed: object) -> str | None:
    if not isinstance(listed, list) or not listed:
        return "a list of at least one value is needed"
    return next((fault for one in listed if (fault := _single_fault(variable, one))), None)


def _single_fault(variable: Variable, value: object) -> str | None:
    if variable.type == "bool":
        return None if isinstance(value, bool) else f"{variable.id} is true or false"
    if variable.type in NUMBERS:
        return None if _is_number(value) else f"{variable.id} is a number"
    return None if value in variable.values else f"not one of the values of {variable.id}"


def leaf_test(slot: int, operator: str, value: Any, *, bounded: bool) -> Test:
    """A closure giving FALSE, UNKNOWN or TRUE. ``bounded``: the slot can hold `Bounds`."""
    if bounded:
        return _bounded_test(slot, operator, value)
    if operator == "eq":
        return lambda s: UNKNOWN if (a := s[slot]) is None else TRUE if a == value else FALSE
    if operator == "ne":
        return lambda s: UNKNOWN if (a := s[slot]) is None else TRUE if a != value else FALSE
    if operator == "ge":
        return lambda s: UNKNOWN if (a := s[slot]) is None else TRUE if a >= value else FALSE
    if operator == "gt":
        return lambda s: UNKNOWN if (a := s[slot]) is None else TRUE if a > value else FALSE
    if operator == "le":
        return lambda s: UNKNOWN if (a := s[slot]) is None else TRUE if a <= value else FALSE
    if operator == "lt":
        return lambda s: UNKNOWN if (a := s[slot]) is None else TRUE if a < value else FALSE
    if operator == "contains":
        return lambda s: UNKNOWN if (a := s[slot]) is None else TRUE if value in a else FALSE
    if operator == "count_ge":
        return lambda s: UNKNOWN if (a := s[slot]) is None else TRUE if len(a) >= value else FALSE
    members = frozenset(value)
    if operator == "in":
        return lambda s: UNKNOWN if (a := s[slot]) is None else TRUE if a in members else FALSE
    return lambda s: UNKNOWN if (a := s[slot]) is None else FALSE if members.isdisjoint(a) else TRUE


def _bounded_test(slot: int, operator: str, value: Any) -> Test:
    def member(s: Slots) -> int:
        answer = s[slot]
        if answer is None:
            return UNKNOWN
        bounds = answer if answer.__class__ is Bounds else Bounds(answer, answer)
        return max(bounds.compare("eq", one) for one in value)

    def compare(s: Slots) -> int:
        answer = s[slot]
        if answer is None:
            return UNKNOWN
        bounds = answer if answer.__class__ is Bounds else Bounds(answer, answer)
        return int(bounds.compare(operator, value))

    return member if operator == "in" else compare

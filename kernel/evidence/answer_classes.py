"""The values of a variable that clauses can tell apart: one representative for each class of answers.

Two values in the same class give every clause of the protocol the same result, so trying one value of
each class tries them all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kernel.evidence.protocol import Protocol
from kernel.evidence.variables import NUMBERS, Variable


@dataclass(frozen=True, slots=True)
class NumberClass:
    """A range of a number with no threshold inside; ends are given as usable values of the variable."""

    lowest: float
    highest: float


@dataclass(frozen=True)
class AnswerClasses:
    """Per variable, what can be tried. Lists are read through their derived variables and left out."""

    numbers: Mapping[str, tuple[NumberClass, ...]]
    choices: Mapping[str, tuple[Any, ...]]
    members: Mapping[str, tuple[str, ...]]

    def tries(self, name: str, current: Any) -> list[Any]:
        """Values of other classes than ``current``, each the nearest of its class; all when None."""
        if name in self.numbers:
            found = [value for one in self.numbers[name] if (value := _nearest(one, current)) is not None]
            return found if current is None else sorted(found, key=lambda value: abs(value - current))
        if name in self.choices:
            return [value for value in self.choices[name] if value != current]
        members = self.members.get(name)
        if members is None:
            return []
        if current is None:
            return [frozenset(), *(frozenset({one}) for one in members)]
        toggled = [current ^ {one} for one in members]
        return [*toggled, frozenset()] if len(current) > 1 else toggled


def _nearest(one: NumberClass, current: Any) -> float | None:
    if current is None:
        return one.lowest
    if one.lowest <= current <= one.highest:
        return None
    return one.lowest if current < one.lowest else one.highest


@lru_cache(maxsize=64)
def answer_classes(protocol: Protocol) -> AnswerClasses:
    """The classes of answers of every variable that some clause reads."""
    leaves: dict[str, list[tuple[str, Any]]] = {}
    for clause in protocol.clauses:
        if clause.kind == "leaf":
            leaves.setdefault(clause.says["variable"], []).append(
                (clause.says["operator"], clause.says["value"])
            )
    numbers: dict[str, tuple[NumberClass, ...]] = {}
    choices: dict[str, tuple[Any, ...]] = {}
    members: dict[str, tuple[str, ...]] = {}
    for name, variable in protocol.variables.items():
        read = leaves.get(name)
        if not read:
            # Copied into another variable by a derivation: that variable's thresholds are its own.
            read = [pair for other in _fed_by(protocol, name) for pair in leaves.get(other, [])]
        if not read:
            continue
        if variable.type in NUMBERS:
            numbers[name] = number_classes(variable, read)
        elif variable.type == "bool":
            choices[name] = (True, False)
        elif variable.type == "enum":
            choices[name] = _distinct(variable.values, read)
        elif variable.type == "set":
            members[name] = _telling_members(variable, read)
    return AnswerClasses(numbers, choices, members)


def _fed_by(protocol: Protocol, name: str) -> list[str]:
    slot = protocol.inputs[name]
    return [
        other
        for other, value in protocol.values.items()
        if other != name
        and protocol.clauses[value].kind == "derived"
        and slot in protocol.clauses[value].children
    ]


def number_classes(variable: Variable, read: Iterable[tuple[str, Any]]) -> tuple[NumberClass, ...]:
    """Ranges of a number between the thresholds its clauses compare it with."""
    low, high = float(variable.minimum or 0), float(variable.maximum or 0)
    whole = variable.type == "int"
    # A cut is (value, after): the class begins at the value itself, or right after it.
    cuts: set[tuple[float, bool]] = set()
    for operator, value in read:
        for one in value if isinstance(value, list) else [value]:
            if operator in {"ge", "lt", "eq", "ne", "in"}:
                cuts.add((one, False))
            if operator in {"gt", "le", "eq", "ne", "in"}:
                cuts.add((one, True))
    if whole:
        cuts = {(math.floor(one) + 1, False) if after else (math.ceil(one), False) for one, after in cuts}
    inside = sorted(cut for cut in cuts if low < cut[0] <= high or (cut[0] == low and cut[1] and low < high))
    begins = [(low, False), *(cut for cut in inside if cut != (high, True))]
    found = []
    for place, (begin, after) in enumerate(begins):
        end, end_after = begins[place + 1] if place + 1 < len(begins) else (high, True)
        found.append(_ends(begin, after, end, end_after, whole))
    return tuple(one for one in found if one is not None)


def _ends(begin: float, after: bool, end: float, end_after: bool, whole: bool) -> NumberClass | None:
    """Usable first and last values of a range whose ends may be open."""
    if whole:
        last = end if end_after else end - 1
        return NumberClass(int(begin), int(last)) if begin <= last else None
    if begin == end:
        return NumberClass(begin, begin) if not after and end_after else None
    step = min(1.0, (end - begin) / 2)
    return NumberClass(begin + step if after else begin, end if end_after else end - step)


def _distinct(values: tuple[str, ...], read: list[tuple[str, Any]]) -> tuple[str, ...]:
    """One value for each pattern of results over all clauses of an enum."""
    found: dict[tuple[bool, ...], str] = {}
    for value in values:
        pattern = tuple(value in wanted if operator == "in" else value == wanted for operator, wanted in read)
        found.setdefault(pattern, value)
    return tuple(found.values())


def _telling_members(variable: Variable, read: list[tuple[str, Any]]) -> tuple[str, ...]:
    """Members of a set that some clause looks for, and one more where only the number counts."""
    named: dict[str, None] = {}
    counted = False
    for operator, wanted in read:
        if operator == "count_ge":
            counted = True
        else:
            named.update(dict.fromkeys(wanted if isinstance(wanted, list) else [wanted]))
    if counted:
        named.update(dict.fromkeys([one for one in variable.values if one not in named][:1]))
    return tuple(named)

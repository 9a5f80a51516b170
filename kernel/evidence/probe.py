"""What one other answer would change, found by recomputing only the clauses that read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from kernel.evidence.choose_route import route_and_priority
from kernel.evidence.items import Flag, Rule
from kernel.evidence.operators import Slots
from kernel.evidence.protocol import Protocol
from kernel.evidence.straight_line import StraightLine, trial
from kernel.evidence.truth import TRUE

#: A slot, its result before and its result after.
Change = tuple[int, int, int]
F = TypeVar("F", Flag, Rule)


class _Plan:
    """Per variable a function that tries another value of it on all slots."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        start = len(protocol.inputs)
        telling = frozenset(telling_slots(protocol))
        line = StraightLine(protocol.clauses, protocol.inputs)
        self.tries: dict[str, Callable[[Any, Slots], list[Change]]] = {}
        for name, bit in protocol.bits.items():
            slots = [slot for slot in range(start, len(protocol.clauses)) if protocol.reads[slot] & bit]
            needed = _needed(protocol, [slot for slot in slots if slot in telling])
            below = [slot for slot in slots if slot in needed]
            self.tries[name] = trial(line, protocol.inputs[name], below, telling)
        self.flags_at = _items_at(protocol.flags)
        self.rules_at = _items_at(protocol.rules)


def _items_at(items: Sequence[F]) -> dict[int, list[tuple[int, F]]]:
    """By slot the flags or rules it decides, each with its place in the document."""
    found: dict[int, list[tuple[int, F]]] = {}
    for place, item in enumerate(items):
        found.setdefault(item.slot, []).append((place, item))
    return found


def _fired(at: dict[int, list[tuple[int, F]]], before: dict[int, F], differing: list[Change]) -> Sequence[F]:
    """What fires after the change, in the order of the document. `before`: by place, what fired."""
    now = dict(before)
    for slot, old, new in differing:
        for place, item in at.get(slot, ()):
            if new == TRUE:
                now[place] = item
            elif old == TRUE:
                del now[place]
    return [now[place] for place in sorted(now)]


def telling_slots(protocol: Protocol) -> list[int]:
    """The slots that decide route and priority."""
    routing = protocol.routing
    return [
        *(flag.slot for flag in protocol.flags),
        *(rule.slot for rule in protocol.rules),
        *(slot for rule in protocol.rules for _, slot in rule.raises),
        *(upgrade.slot for upgrade in routing.upgrades),
        *(cause.slot for cause in routing.reviews if cause.slot >= 0),
        *(slot for tie in routing.tie_breaks for slot in tie.slots),
    ]


def _needed(protocol: Protocol, slots: list[int]) -> set[int]:
    needed: set[int] = set()
    pending = list(slots)
    while pending:
        slot = pending.pop()
        if slot not in needed:
            needed.add(slot)
            pending.extend(protocol.clauses[slot].children)
    return needed


@lru_cache(maxsize=64)
def _plan(protocol: Protocol) -> _Plan:
    return _Plan(protocol)


class Probe:
    """A set of typed answers against which single other answers are tried. Not shared between threads."""

    def __init__(self, protocol: Protocol, answers: Mapping[str, Any]) -> None:
        self.protocol = protocol
        self.answers = answers
        self.slots: Slots = protocol.fill(answers)
        self._plan = _plan(protocol)
        self._flags = {n: one for n, one in enumerate(protocol.flags) if self.slots[one.slot] == TRUE}
        self._rules = {n: one for n, one in enumerate(protocol.rules) if self.slots[one.slot] == TRUE}
        fired = list(self._flags.values()), list(self._rules.values())
        self.route, self.priority = route_and_priority(protocol, self.slots, *fired)
        self._tries = self._plan.tries

    def value(self, name: str) -> Any:
        """The value in force for a variable, given or derived; None when unknown."""
        return self.slots[self.protocol.values[name]]

    def changed_by(self, name: str, value: Any) -> tuple[str, str, list[Change]] | None:
        """Route, priority and the telling slots that differ if ``name`` were ``value``.

        None when nothing begins or stops to be true: what moves between false and unknown decides nothing.
        """
        slots = self.slots
        differing = self._tries[name](value, slots)
        for _, old, new in differing:
            if TRUE in (old, new):
                break
        else:
            return None
        # Route and priority look at telling slots only, so these alone are changed for a moment.
        for slot, _, new in differing:
            slots[slot] = new
        route, priority = route_and_priority(
            self.protocol,
            slots,
            _fired(self._plan.flags_at, self._flags, differing),
            _fired(self._plan.rules_at, self._rules, differing),
        )
        for slot, old, _ in differing:
            slots[slot] = old
        return route, priority, differing

    def changed_if(self, slot: int, result: int) -> tuple[str, str]:
        """Route and priority if one flag or rule alone had ``result``."""
        old, self.slots[slot] = self.slots[slot], result
        found = route_and_priority(self.protocol, self.slots)
        self.slots[slot] = old
        return found

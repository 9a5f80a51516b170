"""What one other answer would change, found by recomputing only the clauses that read it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from kernel.evidence.choose_route import route_and_priority
from kernel.evidence.operators import Slots, Test
from kernel.evidence.protocol import Protocol
from kernel.evidence.truth import TRUE

#: A slot, its result before and its result after.
Change = tuple[int, int, int]


class _Plan:
    """Per variable, the slots downstream of it with their tests, and those the routing looks at."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        start = len(protocol.inputs)
        self.telling = frozenset(telling_slots(protocol))
        self.below: dict[str, list[tuple[int, Test]]] = {}
        for name, bit in protocol.bits.items():
            slots = [slot for slot in range(start, len(protocol.clauses)) if protocol.reads[slot] & bit]
            needed = _needed(protocol, [slot for slot in slots if slot in self.telling])
            self.below[name] = [(slot, protocol.clauses[slot].test) for slot in slots if slot in needed]


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
        self.route, self.priority = route_and_priority(protocol, self.slots)
        self._plan = _plan(protocol)

    def value(self, name: str) -> Any:
        """The value in force for a variable, given or derived; None when unknown."""
        return self.slots[self.protocol.values[name]]

    def changed_by(self, name: str, value: Any) -> tuple[str, str, list[Change]] | None:
        """Route, priority and the telling slots that differ if ``name`` were ``value``.

        None when nothing begins or stops to be true: what moves between false and unknown decides nothing.
        """
        slots, plan = self.slots, self._plan
        telling = plan.telling
        given = self.protocol.inputs[name]
        kept = [(given, slots[given])]
        differing: list[Change] = []
        matters = False
        slots[given] = value
        for slot, test in plan.below[name]:
            old = slots[slot]
            new = test(slots)
            if new != old:
                kept.append((slot, old))
                slots[slot] = new
                if slot in telling:
                    differing.append((slot, old, new))
                    matters = matters or TRUE in (old, new)
        found = None
        if matters:
            found = (*route_and_priority(self.protocol, slots), differing)
        for slot, old in kept:
            slots[slot] = old
        return found

    def changed_if(self, slot: int, result: int) -> tuple[str, str]:
        """Route and priority if one flag or rule alone had ``result``."""
        old, self.slots[slot] = self.slots[slot], result
        found = route_and_priority(self.protocol, self.slots)
        self.slots[slot] = old
        return found

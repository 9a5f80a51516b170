"""Unanswered questions whose answer would change the result: what to ask first, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernel.evidence.answer_classes import answer_classes
from kernel.evidence.evaluate import evaluate
from kernel.evidence.probe import Probe
from kernel.evidence.protocol import Protocol
from kernel.evidence.truth import TRUE


@dataclass(frozen=True, slots=True)
class Question:
    """An unanswered variable that could change route or priority.

    ``alone``: one answer to it is enough; otherwise it counts together with the other variables that
    keep the same flag or rule open. ``could_lead_to`` holds the pairs (route, priority) it can reach,
    most urgent first, and ``for_items`` the flags and rules it would settle.
    """

    variable: str
    alone: bool
    could_lead_to: tuple[tuple[str, str], ...]
    for_items: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "variable": self.variable,
            "alone": self.alone,
            "could_lead_to": [
                {"route": route, "priority": priority} for route, priority in self.could_lead_to
            ],
            "for": list(self.for_items),
        }


def unknowns_that_matter(protocol: Protocol, answers: Mapping[str, Any]) -> tuple[Question, ...]:
    """The questions worth asking, most urgent first; none when no answer could change the result.

    Typed answers in. A variable with a derived value that is already known is no question.
    """
    decision = evaluate(protocol, answers)
    probe = Probe(protocol, answers)
    classes = answer_classes(protocol)
    rank = {priority: place for place, priority in enumerate(protocol.routing.priorities)}
    order = {route: place for place, route in enumerate(protocol.routing.order)}
    now = (probe.route, probe.priority)
    alone: dict[str, set[tuple[str, str]]] = {}
    for name in protocol.variables:
        if name in answers or _known(probe, name):
            continue
        for value in classes.tries(name, None):
            change = probe.changed_by(name, value)
            if change is not None and change[:2] != now:
                alone.setdefault(name, set()).add(change[:2])
    slots = {item.id: item.slot for item in protocol.flags} | {item.id: item.slot for item in protocol.rules}
    together: dict[str, set[tuple[str, str]]] = {}
    items: dict[str, list[str]] = {}
    for entry in decision.unknown:
        if entry["id"] not in slots:
            continue
        would_be = probe.changed_if(slots[entry["id"]], TRUE)
        if would_be == now:
            continue
        for name in entry["variables"]:
            items.setdefault(name, []).append(entry["id"])
            together.setdefault(name, set()).add(would_be)

    def urgency(pair: tuple[str, str]) -> tuple[int, int]:
        return rank[pair[1]], order[pair[0]]

    found = []
    for name in protocol.variables:
        reach = alone.get(name) or together.get(name)
        if reach:
            leads = tuple(sorted(reach, key=urgency))
            found.append(Question(name, name in alone, leads, tuple(items.get(name, ()))))
    return tuple(sorted(found, key=lambda one: (urgency(one.could_lead_to[0]), not one.alone)))


def _known(probe: Probe, name: str) -> bool:
    value = probe.value(name)
    return value is not None and isinstance(value, bool | int | float | str | frozenset)

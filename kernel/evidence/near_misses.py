"""Near misses: patients one answer away from another route or a higher priority, with which answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernel.evidence.answer_classes import answer_classes
from kernel.evidence.explain import shown
from kernel.evidence.probe import Probe
from kernel.evidence.protocol import Protocol
from kernel.evidence.truth import TRUE


@dataclass(frozen=True, slots=True)
class NearMiss:
    """One other answer and where it would lead. ``now`` is None when the question is unanswered."""

    variable: str
    now: Any
    value: Any
    route: str
    priority: str
    #: Flags and rules that would fire, and those that no longer would.
    gains: tuple[str, ...]
    loses: tuple[str, ...]

    @property
    def answered(self) -> bool:
        return self.now is not None

    def to_json(self) -> dict[str, Any]:
        return {
            "variable": self.variable,
            "now": shown(self.now),
            "value": shown(self.value),
            "answered": self.answered,
            "route": self.route,
            "priority": self.priority,
            "gains": list(self.gains),
            "loses": list(self.loses),
        }


def near_misses(protocol: Protocol, answers: Mapping[str, Any]) -> tuple[NearMiss, ...]:
    """Every single other answer that would give another route or a higher priority, most urgent first.

    Typed answers in. Each class of values of each variable is tried once; for a number the value nearest
    to the present one is shown. Of several values of one variable leading to the same place the first stands.
    """
    probe = Probe(protocol, answers)
    classes = answer_classes(protocol)
    rank = {priority: place for place, priority in enumerate(protocol.routing.priorities)}
    order = {route: place for place, route in enumerate(protocol.routing.order)}
    items: dict[int, list[str]] = {}
    for slot, item in [(f.slot, f.id) for f in protocol.flags] + [(r.slot, r.id) for r in protocol.rules]:
        items.setdefault(slot, []).append(item)
    found: dict[tuple[str, str, str], NearMiss] = {}
    for name in protocol.variables:
        now = probe.value(name)
        for value in classes.tries(name, now if isinstance(now, _TRIED) else None):
            change = probe.changed_by(name, value)
            if change is None:
                continue
            route, priority, differing = change
            if route == probe.route and rank[priority] >= rank[probe.priority]:
                continue
            if (name, route, priority) in found:
                continue
            found[name, route, priority] = NearMiss(
                variable=name,
                now=now,
                value=value,
                route=route,
                priority=priority,
                gains=tuple(one for slot, _, new in differing if new == TRUE for one in items.get(slot, ())),
                loses=tuple(one for slot, old, _ in differing if old == TRUE for one in items.get(slot, ())),
            )
    return tuple(
        sorted(found.values(), key=lambda one: (rank[one.priority], order[one.route], one.now is None))
    )


_TRIED = (bool, int, float, str, frozenset)

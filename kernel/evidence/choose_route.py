"""The choice of route and priority from what fired. Unknown flags and rules never take part in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from kernel.evidence.decision import Outcome
from kernel.evidence.items import Flag, Routing, Rule
from kernel.evidence.operators import Slots
from kernel.evidence.protocol import Protocol
from kernel.evidence.truth import TRUE, UNKNOWN


def choose_route(
    protocol: Protocol,
    slots: Slots,
    flags: Sequence[Flag] | None = None,
    rules: Sequence[Rule] | None = None,
) -> Outcome:
    """One primary route, any secondary ones, and the most urgent priority of all that fired.

    Precedence: a flag whose action names a route, in the order of routes; then a cause for review by a
    person; then the first matching tie-break; then the order of routes. ``flags`` and ``rules`` are those that
    fired, where the caller knows them already.
    """
    routing = protocol.routing
    if flags is None:
        flags = [flag for flag in protocol.flags if slots[flag.slot] == TRUE]
    if rules is None:
        rules = [rule for rule in protocol.rules if slots[rule.slot] == TRUE]
    reached = {rule.route for rule in rules}
    by_rules = [route for route in routing.order if route in reached]
    primary, because = _primary(routing, slots, flags, by_rules)
    priority, urgency = _priority(routing, slots, flags, rules)
    insufficient = (
        primary == routing.fallback_route
        and not rules
        and any(slots[rule.slot] == UNKNOWN for rule in protocol.rules)
    )
    secondary = tuple(route for route in by_rules if route != primary)
    return Outcome(primary, priority, secondary, insufficient, because, urgency)


def _primary(
    routing: Routing, slots: Slots, flags: Sequence[Flag], by_rules: Sequence[str]
) -> tuple[str, dict[str, Any]]:
    named = {routing.action_route.get(flag.action) for flag in flags if flag.action is not None}
    for route in routing.order:
        if route in named:
            causes = [
                f.id for f in flags if f.action is not None and routing.action_route.get(f.action) == route
            ]
            return route, {"by": "flag_action", "of": causes}
    for cause in routing.reviews:
        if (cause.kind == "condition" and slots[cause.slot] == TRUE) or (
            cause.kind == "no_rule" and not by_rules
        ):
            return routing.fallback_route, {"by": "review", "cause": cause.id, "of": []}
        if cause.kind == "flag_names_route":
            asking = [flag for flag in flags if flag.to is not None]
            if asking:
                return str(asking[0].to), {"by": "review", "cause": cause.id, "of": [f.id for f in asking]}
    primary, because = _by_rules(routing, slots, by_rules)
    for cause in routing.reviews:
        if cause.kind == "flag_bars_route" and primary in cause.never_primary:
            barring = [f.id for f in flags if f.action in cause.actions and f.id not in cause.excepted]
            if barring:
                return routing.fallback_route, {"by": "review", "cause": cause.id, "of": barring}
    return primary, because


def _by_rules(routing: Routing, slots: Slots, by_rules: Sequence[str]) -> tuple[str, dict[str, Any]]:
    for tie in routing.tie_breaks:
        if tie.primary in by_rules and all(slots[slot] == TRUE for slot in tie.slots):
            return tie.primary, {"by": "tie_break", "of": list(tie.if_dx)}
    if not by_rules:
        return routing.fallback_route, {"by": "order", "of": []}
    return by_rules[0], {"by": "order", "of": [by_rules[0]]}


def _priority(
    routing: Routing, slots: Slots, flags: Sequence[Flag], rules: Sequence[Rule]
) -> tuple[str, dict[str, Any]]:
    rank = _ranks(routing.priorities)
    claims: list[tuple[int, str]] = [
        (rank[flag.priority], flag.id) for flag in flags if flag.priority is not None
    ]
    for rule in rules:
        place = rank[rule.priority]
        for to, slot in rule.raises:
            if slots[slot] == TRUE:
                place = min(place, rank[to])
        claims.append((place, rule.id))
    base = min((place for place, _ in claims), default=rank[routing.fallback_priority])
    set_by = [name for place, name in claims if place == base]
    upgrades = [upgrade.id for upgrade in routing.upgrades if slots[upgrade.slot] == TRUE]
    stop = rank[routing.upgrades_stop_at]
    final = base - 1 if upgrades and base > stop else base
    return routing.priorities[final], {
        "base": routing.priorities[base],
        "set_by": set_by,
        "upgrades": upgrades,
        "upgraded": final != base,
    }


@lru_cache(maxsize=64)
def _ranks(priorities: tuple[str, ...]) -> Mapping[str, int]:
    return {priority: place for place, priority in enumerate(priorities)}


def route_and_priority(
    protocol: Protocol,
    slots: Slots,
    flags: Sequence[Flag] | None = None,
    rules: Sequence[Rule] | None = None,
) -> tuple[str, str]:
    """Route and priority alone, for trying many answers: the same choice without its reasons.

    ``flags`` and ``rules`` as for `choose_route`.
    """
    routing = protocol.routing
    if flags is None:
        flags = [flag for flag in protocol.flags if slots[flag.slot] == TRUE]
    if rules is None:
        rules = [rule for rule in protocol.rules if slots[rule.slot] == TRUE]
    routes = {rule.route for rule in rules}
    by_rules = [route for route in routing.order if route in routes]
    primary, _ = _primary(routing, slots, flags, by_rules)
    priority, _ = _priority(routing, slots, flags, rules)
    return primary, priority

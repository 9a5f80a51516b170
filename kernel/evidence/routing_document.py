"""The routing section of a document, read and checked: routes, priorities, review causes, tie-breaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kernel.evidence.clauses import Network
from kernel.evidence.document import Reader
from kernel.evidence.items import ReviewCause, Routing, TieBreak, Upgrade

_NOTED: Final = frozenset({"source", "status", "note", "label", "name"})
_PRIORITY_KEYS: Final = _NOTED | {
    "target_minutes",
    "target_hours",
    "target_days",
    "target_business_days",
    "seen_by",
    "action",
}
REVIEW_KINDS: Final = frozenset({"condition", "no_rule", "flag_names_route", "flag_bars_route"})


def read_routing(reader: Reader, network: Network, rules: list[Mapping[str, Any]]) -> Routing:
    """The routing of the document. Faults are collected in ``reader`` and ``network``."""
    routes = reader.section("routes")
    order = tuple(reader.texts(routes, "order", "routes"))
    listed = reader.objects(
        reader.document, "priorities", "priorities", needs={"id": str, "name": str}, allows=_PRIORITY_KEYS
    )
    priorities = tuple(entry["id"] for entry in listed)
    if not order or len(set(order)) != len(order):
        reader.refuse("routes.order", "wrong_value", "a list of different routes is needed")
    if not priorities:
        reader.refuse("priorities", "missing", "at least one priority is needed")
    action_route = _names(reader, routes, "action_to_route", order)
    action_priority = _names(reader, routes, "action_to_priority", priorities)
    fallback = routes.get("fallback", {})
    fallback = fallback if isinstance(fallback, Mapping) else {}
    _one_of(reader, fallback.get("route"), order, "routes.fallback.route")
    _one_of(reader, fallback.get("priority"), priorities, "routes.fallback.priority")
    modifiers = routes.get("priority_modifiers", {})
    modifiers = modifiers if isinstance(modifiers, Mapping) else {}
    _one_of(reader, modifiers.get("stop_at"), priorities, "routes.priority_modifiers.stop_at")
    return Routing(
        order=order,
        priorities=priorities,
        action_route=action_route,
        action_priority=action_priority,
        fallback_route=str(fallback.get("route")),
        fallback_priority=str(fallback.get("priority")),
        upgrades_stop_at=str(modifiers.get("stop_at")),
        reviews=_reviews(reader, network, routes, order),
        tie_breaks=_tie_breaks(reader, network, routes, order),
        upgrades=_upgrades(reader, network, modifiers),
    )


def _names(
    reader: Reader, routes: Mapping[str, Any], key: str, allowed: tuple[str, ...]
) -> Mapping[str, str | None]:
    value = routes.get(key, {})
    if not isinstance(value, Mapping):
        reader.refuse(f"routes.{key}", "wrong_type", "an object is needed")
        return {}
    for action, target in value.items():
        if target is not None:
            _one_of(reader, target, allowed, f"routes.{key}.{action}")
    return dict(value)


def _one_of(reader: Reader, value: object, allowed: tuple[str, ...], path: str) -> None:
    if value not in allowed:
        reader.refuse(path, "wrong_value", f"one of {', '.join(allowed)[:200]} is needed")


def _reviews(
    reader: Reader, network: Network, routes: Mapping[str, Any], order: tuple[str, ...]
) -> tuple[ReviewCause, ...]:
    found = []
    listed = reader.objects(
        routes,
        "review_when",
        "routes.review_when",
        needs={"id": str, "kind": str},
        allows=_NOTED | {"when", "actions", "except", "never_primary"},
    )
    for index, entry in enumerate(listed):
        path = f"routes.review_when[{index}]"
        if entry["kind"] not in REVIEW_KINDS:
            reader.refuse(f"{path}.kind", "wrong_value", f"no review cause {entry['kind']!r}")
        slot = network.condition(entry.get("when"), f"{path}.when") if entry["kind"] == "condition" else -1
        barred = reader.texts(entry, "never_primary", path)
        for route in barred:
            _one_of(reader, route, order, f"{path}.never_primary")
        found.append(
            ReviewCause(
                id=entry["id"],
                kind=entry["kind"],
                slot=slot,
                actions=frozenset(reader.texts(entry, "actions", path)),
                excepted=frozenset(reader.texts(entry, "except", path)),
                never_primary=frozenset(barred),
            )
        )
    return tuple(found)


def _tie_breaks(
    reader: Reader, network: Network, routes: Mapping[str, Any], order: tuple[str, ...]
) -> tuple[TieBreak, ...]:
    found = []
    listed = reader.objects(
        routes,
        "tie_breaks",
        "routes.tie_breaks",
        needs={"if_dx": list, "primary": str},
        allows=_NOTED | {"secondary"},
        unique=False,
    )
    for index, entry in enumerate(listed):
        path = f"routes.tie_breaks[{index}]"
        _one_of(reader, entry["primary"], order, f"{path}.primary")
        ids = reader.texts(entry, "if_dx", path)
        slots = []
        for one in ids:
            if one in network.diagnoses:
                slots.append(network.diagnosis(one, f"{path}.if_dx"))
            else:
                reader.refuse(f"{path}.if_dx", "unknown_diagnosis", f"no diagnosis {one!r}")
        found.append(TieBreak(tuple(ids), tuple(slots), entry["primary"], entry))
    return tuple(found)


def _upgrades(reader: Reader, network: Network, modifiers: Mapping[str, Any]) -> tuple[Upgrade, ...]:
    found = []
    listed = reader.objects(
        modifiers,
        "upgrade_one_class_if_any",
        "routes.priority_modifiers.upgrade_one_class_if_any",
        needs={"id": str, "when": dict},
        allows=_NOTED,
    )
    for entry in listed:
        found.append(Upgrade(entry["id"], network.condition(entry["when"], f"{entry['id']}.when")))
    return tuple(found)

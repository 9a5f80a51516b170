"""The difference between two documents item by item, as a person reads it: whole rules before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

#: Lists of items with an id, by the name of their section.
ITEM_LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "variables": ("variables",),
    "derived": ("derived",),
    "red_flags": ("red_flags",),
    "diagnoses": ("diagnoses",),
    "priorities": ("priorities",),
    "rules": ("routes", "rules"),
    "modifiers": ("routes", "modifiers"),
    "upgrades": ("routes", "priority_modifiers", "upgrade_one_class_if_any"),
    "review_when": ("routes", "review_when"),
}
#: Kept in places of their own inside the document and told as one item a route.
_ROUTE_KEYS: Final = frozenset({"order", "labels"})


def changed_items(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every item added, removed or changed: {kind, path, section, id, before, after}, in the newer one's order.

    What is no item of a section comes last under its own path, whole.
    """
    found: list[dict[str, Any]] = list(_routes(before, after))
    for section, path in ITEM_LISTS.items():
        found += _items(section, ".".join(path), _by_id(before, path), _by_id(after, path))
    found += _rest(before, after)
    return found


def _items(
    section: str, path: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    for name in [*new, *(one for one in old if one not in new)]:
        then, now = old.get(name), new.get(name)
        if then == now:
            continue
        kind = "added" if then is None else "removed" if now is None else "changed"
        yield {
            "kind": kind,
            "path": f"{path}[{name}]",
            "section": section,
            "id": name,
            "before": then,
            "after": now,
        }


def _by_id(document: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    holder: Any = document
    for key in path:
        holder = holder.get(key) if isinstance(holder, Mapping) else None
    listed = holder if isinstance(holder, list) else []
    return {str(one["id"]): one for one in listed if isinstance(one, Mapping) and "id" in one}


def _routes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from _items("routes", "routes.order", _route_items(before), _route_items(after))


def _route_items(document: Mapping[str, Any]) -> dict[str, Any]:
    routes = document.get("routes")
    routes = routes if isinstance(routes, Mapping) else {}
    order, labels = routes.get("order"), routes.get("labels")
    labels = labels if isinstance(labels, Mapping) else {}
    listed = [one for one in order if isinstance(one, str)] if isinstance(order, list) else []
    return {
        route: {"label": labels.get(route, {}), "comes_before": listed[place + 1 : place + 2]}
        for place, route in enumerate(listed)
    }


def _rest(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    lists = {path[0] for path in ITEM_LISTS.values() if len(path) == 1}
    in_routes = {path[1] for path in ITEM_LISTS.values() if len(path) > 1} | _ROUTE_KEYS
    old_routes, new_routes = before.get("routes"), after.get("routes")
    for prefix, old, new, told in (
        ("", before, after, lists | {"routes"}),
        (
            "routes.",
            old_routes if isinstance(old_routes, Mapping) else {},
            new_routes if isinstance(new_routes, Mapping) else {},
            in_routes,
        ),
    ):
        for key in [*new, *(one for one in old if one not in new)]:
            if key in told or old.get(key) == new.get(key):
                continue
            yield {
                "kind": "changed",
                "path": f"{prefix}{key}",
                "section": "",
                "id": "",
                "before": old.get(key),
                "after": new.get(key),
            }

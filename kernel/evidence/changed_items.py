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
#: Told as items of their own: a route from the places that name it, a tie-break by what it asks for.
_ROUTE_KEYS: Final = frozenset({"order", "labels", "tie_breaks"})
#: So is an order of the ranking, by its name.
_RANKING: Final = "ranking"


def changed_items(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every item added, removed or changed: {kind, path, section, id, before, after}, in the newer one's order.

    What is no item of a section comes last under its own path, whole.
    """
    found: list[dict[str, Any]] = list(_routes(before, after))
    found += _items("tie_breaks", "routes.tie_breaks", _tie_break_items(before), _tie_break_items(after))
    found += _items(_RANKING, _RANKING, _ranking_items(before), _ranking_items(after))
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


def _tie_break_items(document: Mapping[str, Any]) -> dict[str, Any]:
    """Each by the diagnoses it asks for, as it has no id; which comes next is part of it, as the first one wins."""
    routes = document.get("routes")
    listed = routes.get("tie_breaks") if isinstance(routes, Mapping) else None
    listed = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    names: list[str] = []
    for tie in listed:
        asked = tie.get("if_dx")
        name = " + ".join(str(one) for one in asked) if isinstance(asked, list) else "?"
        again = sum(1 for one in names if one.partition(" (")[0] == name)
        names.append(f"{name} ({again + 1})" if again else name)
    return {
        name: {**tie, "comes_before": names[place + 1 : place + 2]}
        for place, (name, tie) in enumerate(zip(names, listed, strict=True))
    }


def _ranking_items(document: Mapping[str, Any]) -> dict[str, Any]:
    ranking = document.get(_RANKING)
    ranking = ranking if isinstance(ranking, Mapping) else {}
    return {
        str(key): {"order": given} if isinstance(given, list) else given for key, given in ranking.items()
    }


def _rest(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    lists = {path[0] for path in ITEM_LISTS.values() if len(path) == 1}
    in_routes = {path[1] for path in ITEM_LISTS.values() if len(path) > 1} | _ROUTE_KEYS
    old_routes, new_routes = before.get("routes"), after.get("routes")
    for prefix, old, new, told in (
        ("", before, after, lists | {"routes", _RANKING}),
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

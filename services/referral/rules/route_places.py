"""A route in a protocol document: it stands in the order, has names, and may be barred by an urgent flag."""

import copy
from collections.abc import Mapping
from typing import Any

_BARS = "flag_bars_route"


def with_route(document: Mapping[str, Any], route: str, item: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the document with the route as `item` says ({label, rank from 1, urgent_bars}), or without it.

    What still names a route taken out is left, so that the compiler says where.
    """
    made = copy.deepcopy(dict(document))
    routes = made.get("routes")
    routes = made["routes"] = routes if isinstance(routes, dict) else {}
    order = [one for one in _listed(routes.get("order")) if one != route]
    labels = routes.get("labels")
    labels = dict(labels) if isinstance(labels, dict) else {}
    labels.pop(route, None)
    bars = bool(item and item.get("urgent_bars"))
    if item is not None:
        rank = item.get("rank")
        place = rank - 1 if isinstance(rank, int) and not isinstance(rank, bool) else len(order)
        order.insert(max(0, min(place, len(order))), route)
        label = item.get("label")
        labels[route] = dict(label) if isinstance(label, Mapping) else {}
    routes["order"], routes["labels"] = order, labels
    for cause in _listed(routes.get("review_when")):
        if isinstance(cause, dict) and cause.get("kind") == _BARS:
            others = [one for one in _listed(cause.get("never_primary")) if one != route]
            cause["never_primary"] = [*others, route] if bars else others
    return made


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []

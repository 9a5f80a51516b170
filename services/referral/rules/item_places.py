"""One item of a protocol document put in the place of another, wherever its section keeps it."""

from collections.abc import Mapping
from typing import Any

from kernel.evidence.changed_items import ITEM_LISTS
from services.referral.rules.ranking_places import with_ranking
from services.referral.rules.route_places import with_route
from services.referral.rules.tie_break_places import with_tie_break

# Kept in more than one place, or without an id of their own.
_OTHERWISE = {"routes": with_route, "tie_breaks": with_tie_break, "ranking": with_ranking}


def with_item(
    document: Mapping[str, Any], section: str, item_id: str, item: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the document with `item` in the place of the one with that id, or added; None takes it out.

    The rest keeps its order, and `document` stays as it is. Raises KeyError for an unknown section. A route is {id,
    label by language, rank among the routes from 1, urgent_bars: whether an urgent flag keeps it from being the first
    route}; the document keeps these in four places, which change together. A tie-break is named by its place from 1, or
    `new`, and may carry `rank`, the place it shall have. A ranking is named `probable_order` or `display_order`.
    """
    if section in _OTHERWISE:
        return _OTHERWISE[section](document, item_id, item)
    path = ITEM_LISTS[section]
    made = dict(document)
    holder: dict[str, Any] = made
    for key in path[:-1]:
        holder[key] = dict(holder.get(key, {}))
        holder = holder[key]
    listed = list(holder.get(path[-1], []))
    places = [i for i, entry in enumerate(listed) if isinstance(entry, dict) and entry.get("id") == item_id]
    if item is None:
        listed = [entry for i, entry in enumerate(listed) if i not in places]
    elif places:
        listed[places[0]] = dict(item)
    else:
        listed.append(dict(item))
    holder[path[-1]] = listed
    return made

"""A tie-break in a protocol document: it has no id, only its place, and the first that holds wins."""

import copy
from collections.abc import Mapping
from typing import Any

from kernel.read_whole import read_whole

NEW = "new"


def with_tie_break(document: Mapping[str, Any], place: str, item: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the document with the tie-break at `place` (from 1, or `new`) as `item` says, or without it.

    `item` may carry `rank`, the place it shall have from 1; the rest is kept as it is, for the compiler to judge.
    A place that is not there changes nothing but what `new` adds.
    """
    made = copy.deepcopy(dict(document))
    routes = made.get("routes")
    routes = made["routes"] = routes if isinstance(routes, dict) else {}
    listed = routes.get("tie_breaks")
    listed = list(listed) if isinstance(listed, list) else []
    number = read_whole(place, 99_999)
    at = len(listed) if number is None else number - 1
    if 0 <= at < len(listed):
        del listed[at]
    elif place != NEW:
        return made
    if item is not None:
        rank = item.get("rank")
        to = rank - 1 if isinstance(rank, int) and not isinstance(rank, bool) else at
        listed.insert(max(0, min(to, len(listed))), {key: one for key, one in item.items() if key != "rank"})
    routes["tie_breaks"] = listed
    return made

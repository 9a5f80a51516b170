"""The two orders of diagnoses in a protocol document: which probable one displaces which, and which is shown first."""

import copy
from collections.abc import Mapping
from typing import Any

ORDERS = ("probable_order", "display_order")


def with_ranking(document: Mapping[str, Any], order: str, item: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the document with one of `ORDERS` as `item` says: {order, and the source of the ranking if it changes}.

    `order` of `probable_order` is a list of ranks, each a list of ids; of `display_order` a list of ids. The compiler
    judges it. An order is never taken out, and no third one is added.
    """
    made = copy.deepcopy(dict(document))
    if item is None or order not in ORDERS:
        return made
    ranking = made.get("ranking")
    ranking = made["ranking"] = ranking if isinstance(ranking, dict) else {}
    ranking[order] = copy.deepcopy(item.get("order"))
    if isinstance(item.get("source"), str) and (item["source"] or "source" in ranking):
        ranking["source"] = item["source"]
    return made

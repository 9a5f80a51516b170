"""Nodes of a response by their linkId, gathered once: what nearly every FHIRPath expression of a form looks up."""

from collections.abc import Callable, Mapping
from typing import Any

from services.intake.rules.expression_words import Found, children

Spend = Callable[[int], None]


class LinkIds:
    """What stands under a node, by linkId; a look-up then costs what it finds, not all there is."""

    def __init__(self) -> None:
        # The node itself is kept, so that no other one can come by its id.
        self._known: dict[tuple[int, bool], tuple[Any, dict[str, Found]]] = {}

    def items(self, node: Mapping[str, Any], link_id: str, spend: Spend) -> Found:
        """`item.where(linkId = link_id)` of `node`; raises what `spend` raises when gathering costs too much."""
        return self._under(node, False, spend).get(link_id, [])

    def descendants(self, node: Mapping[str, Any], link_id: str, spend: Spend) -> Found:
        """`descendants().where(linkId = link_id)` of `node`, in the order `descendants()` has."""
        return self._under(node, True, spend).get(link_id, [])

    def _under(self, node: Mapping[str, Any], deep: bool, spend: Spend) -> dict[str, Found]:
        known = self._known.get((id(node), deep))
        if known is None:
            found: dict[str, Found] = {}
            given = node.get("item")
            level = children([node]) if deep else given if isinstance(given, list) else [given]
            while level:
                spend(len(level))
                for one in level:
                    name = one.get("linkId") if isinstance(one, Mapping) else None
                    if isinstance(name, str):
                        found.setdefault(name, []).append(one)
                level = children(level) if deep else []
            known = self._known[id(node), deep] = node, found
        return known[1]

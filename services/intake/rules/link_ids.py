"""Nodes of a response by their linkId, gathered once: what nearly every FHIRPath expression of a form looks up."""

from collections.abc import Callable, Mapping
from typing import Any

from services.intake.rules.expression_words import Found, children

Spend = Callable[[int], None]


class LinkIds:
    """What stands under a node, by linkId; a look-up then costs what it finds, not all there is."""

    def __init__(self) -> None:
        # The node itself is kept, so that no other one can come by its id.
        self._known: dict[tuple[int, str], tuple[Any, dict[str, Found]]] = {}

    def items(self, node: Mapping[str, Any], link_id: str, spend: Spend) -> Found:
        """`item.where(linkId = link_id)` of `node`; raises what `spend` raises when gathering costs too much."""
        return self._under(node, "item", spend).get(link_id, [])

    def descendants(self, node: Mapping[str, Any], link_id: str, spend: Spend) -> Found:
        """`descendants().where(linkId = link_id)` of `node`, in the order `descendants()` has."""
        return self._under(node, "descendants", spend).get(link_id, [])

    def repeated(self, node: Mapping[str, Any], link_id: str, spend: Spend) -> Found:
        """`repeat(item).where(linkId = link_id)` of `node`: items in items, not what stands under an answer."""
        return self._under(node, "repeat", spend).get(link_id, [])

    def _under(self, node: Mapping[str, Any], way: str, spend: Spend) -> dict[str, Found]:
        known = self._known.get((id(node), way))
        if known is None:
            found: dict[str, Found] = {}
            level = children([node]) if way == "descendants" else _items(node)
            while level:
                spend(len(level))
                for one in level:
                    name = one.get("linkId") if isinstance(one, Mapping) else None
                    if isinstance(name, str):
                        found.setdefault(name, []).append(one)
                if way == "item":
                    break
                level = (
                    children(level) if way == "descendants" else [one for up in level for one in _items(up)]
                )
            known = self._known[id(node), way] = node, found
        return known[1]


def _items(node: Any) -> Found:
    """What `item` finds of a node."""
    given = node.get("item") if isinstance(node, Mapping) else None
    return given if isinstance(given, list) else [] if given is None else [given]

"""The clause tree of a decision: every clause with its result, threshold and the answer that decided it.

Nodes are plain JSON values. A node whose variables were all unanswered, and a leaf with the same answer,
is shared between decisions: read trees, never change them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

from kernel.evidence.bounds import Bounds
from kernel.evidence.clauses import Clause
from kernel.evidence.operators import Slots
from kernel.evidence.truth import NAMES, TRUE, UNKNOWN

Node = dict[str, Any]
#: Builds the node of one slot from the values of all slots and the nodes of the slots before it.
NodeBuilder = Callable[[Slots, list[Any]], Node | None]

#: Leaves kept for reuse, per clause.
_LEAVES_KEPT: Final = 200


def shown(value: Any) -> Any:
    """An answer as JSON: sets sorted, bounds as ``at_least`` and ``at_most``, days as YYYY-MM-DD."""
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Bounds):
        return {"at_least": value.at_least, "at_most": value.at_most}
    if isinstance(value, tuple):
        return [dict(row) for row in value]
    if isinstance(value, date):
        return value.isoformat()
    return value


def node_builder(slot: int, clause: Clause) -> NodeBuilder:
    """How the node of a slot is made; slots that are no clause of the document have none."""
    kind, children, remarks = clause.kind, clause.children, dict(clause.remarks)
    if kind == "leaf":
        return _leaf_builder(slot, clause)
    if kind in {"all", "any"}:
        return lambda s, n: {kind: [n[c] for c in children], "result": NAMES[s[slot]], **remarks}
    if kind == "n_of":
        needed = clause.says["n_of"]
        return lambda s, n: {
            "n_of": needed,
            "of": [n[c] for c in children],
            "result": NAMES[s[slot]],
            **remarks,
        }
    if kind == "not":
        return lambda s, n: {"not": n[children[0]], "result": NAMES[s[slot]], **remarks}
    if kind == "ref":
        target = clause.says["ref"]
        return lambda s, n: {"ref": target, "is": n[children[0]], "result": NAMES[s[slot]], **remarks}
    if kind == "dx_any":
        return _dx_any_builder(slot, clause)
    return lambda s, n: None


def _leaf_builder(slot: int, clause: Clause) -> NodeBuilder:
    says, remarks, read = clause.says, dict(clause.remarks), clause.children[0]
    kept: dict[Any, Node] = {}

    def build(s: Slots, n: list[Any]) -> Node:
        answer = s[read]
        node = kept.get(answer)
        if node is None:
            node = {
                "variable": says["variable"],
                "operator": says["operator"],
                "value": says["value"],
                "answer": shown(answer),
                "result": NAMES[s[slot]],
                **remarks,
            }
            if len(kept) >= _LEAVES_KEPT:
                kept.clear()
            kept[answer] = node
        return node

    return build


def _dx_any_builder(slot: int, clause: Clause) -> NodeBuilder:
    ids, children, remarks = clause.says["dx_any"], clause.children, dict(clause.remarks)
    pairs = tuple(zip(ids, children, strict=True))
    return lambda s, n: {
        "dx_any": list(ids),
        "found": [one for one, child in pairs if s[child] == TRUE],
        "open": [one for one, child in pairs if s[child] == UNKNOWN],
        "result": NAMES[s[slot]],
        **remarks,
    }


def names_of(mask: int, names: Sequence[str], cache: dict[int, tuple[str, ...]]) -> tuple[str, ...]:
    """The variable ids of a bit mask, in the document's order."""
    found = cache.get(mask)
    if found is None:
        found = tuple(name for place, name in enumerate(names) if mask >> place & 1)
        if len(cache) > 20_000:
            cache.clear()
        cache[mask] = found
    return found

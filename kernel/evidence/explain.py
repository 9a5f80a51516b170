"""The clause tree of a decision: every clause with its result, threshold and the answer that decided it.

Nodes are plain JSON values. A node whose variables were all unanswered is shared between decisions:
read trees, never change them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kernel.evidence.bounds import Bounds
from kernel.evidence.clauses import Clause
from kernel.evidence.operators import Slots
from kernel.evidence.truth import NAMES, TRUE, UNKNOWN

Node = dict[str, Any]


def shown(value: Any) -> Any:
    """An answer as JSON: sets sorted, bounds as ``at_least`` and ``at_most``."""
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Bounds):
        return {"at_least": value.at_least, "at_most": value.at_most}
    if isinstance(value, tuple):
        return [dict(row) for row in value]
    return value


def clause_nodes(
    clauses: Sequence[Clause], slots: Slots, nodes: list[Node | None], changed: Sequence[int]
) -> list[Node | None]:
    """``nodes`` with those of the ``changed`` slots built anew, children before parents."""
    for slot in changed:
        clause = clauses[slot]
        kind = clause.kind
        if kind == "leaf":
            says = clause.says
            answer = slots[clause.children[0]]
            node: Node = {
                "variable": says["variable"],
                "operator": says["operator"],
                "value": says["value"],
                "answer": answer if answer is None or answer.__class__ in _PLAIN else shown(answer),
                "result": NAMES[slots[slot]],
            }
        elif kind in {"all", "any"}:
            node = {kind: [nodes[child] for child in clause.children], "result": NAMES[slots[slot]]}
        elif kind == "n_of":
            of = [nodes[child] for child in clause.children]
            node = {"n_of": clause.says["n_of"], "of": of, "result": NAMES[slots[slot]]}
        elif kind == "not":
            node = {"not": nodes[clause.children[0]], "result": NAMES[slots[slot]]}
        elif kind == "ref":
            node = {"ref": clause.says["ref"], "is": nodes[clause.children[0]], "result": NAMES[slots[slot]]}
        elif kind == "dx_any":
            ids = clause.says["dx_any"]
            node = {
                "dx_any": list(ids),
                "found": [
                    one for one, child in zip(ids, clause.children, strict=True) if slots[child] == TRUE
                ],
                "open": [
                    one for one, child in zip(ids, clause.children, strict=True) if slots[child] == UNKNOWN
                ],
                "result": NAMES[slots[slot]],
            }
        else:
            continue
        if clause.remarks:
            node.update(clause.remarks)
        nodes[slot] = node
    return nodes


_PLAIN = frozenset({bool, int, float, str})


def open_variables(
    clauses: Sequence[Clause], slots: Slots, masks: list[int], changed: Sequence[int]
) -> list[int]:
    """Per slot, the bits of the unanswered variables that keep it unknown; 0 where it is decided.

    ``masks`` starts with the bits of each input variable. A derived value without an answer asks for
    everything it is read from.
    """
    for slot in changed:
        clause = clauses[slot]
        value = slots[slot]
        if clause.kind == "derived":
            if value is None or value.__class__ is Bounds:
                mask = masks[clause.children[0]]
                for child in clause.children[1:]:
                    mask |= masks[child]
                masks[slot] = mask
            else:
                masks[slot] = 0
        elif value == UNKNOWN:
            mask = 0
            for child in clause.children:
                mask |= masks[child]
            masks[slot] = mask
        else:
            masks[slot] = 0
    return masks


def names_of(mask: int, names: Sequence[str], cache: dict[int, tuple[str, ...]]) -> tuple[str, ...]:
    """The variable ids of a bit mask, in the document's order."""
    found = cache.get(mask)
    if found is None:
        found = tuple(name for place, name in enumerate(names) if mask >> place & 1)
        if len(cache) > 20_000:
            cache.clear()
        cache[mask] = found
    return found


def diagnosis_evidence(parts: Mapping[str, int], nodes: Sequence[Node | None]) -> dict[str, Node | None]:
    return {name: nodes[slot] for name, slot in parts.items()}

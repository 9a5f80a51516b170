"""Thresholds that leave a gap, meet on one value, lie outside the range, or differ by one step."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, Final

from kernel.evidence.protocol import Protocol
from kernel.evidence.variables import NUMBERS, Variable

#: Two thresholds of the same kind closer than this share of the larger look like one mistyped.
_NEAR_SHARE: Final = 0.1
_Leaf = tuple[str, float, tuple[str, ...]]
#: Code, severity, items, message, witness: the fields of a finding.
Fields = tuple[str, str, tuple[str, ...], str, dict[str, Any]]


def boundary_findings(protocol: Protocol) -> Iterator[Fields]:
    """Findings about the numbers that clauses compare with, variable by variable."""
    for name, variable in protocol.variables.items():
        if variable.type not in NUMBERS:
            continue
        leaves = _leaves(protocol, name)
        yield from _out_of_range(variable, leaves)
        below = [leaf for leaf in leaves if leaf[0] in {"lt", "le"}]
        above = [leaf for leaf in leaves if leaf[0] in {"gt", "ge"}]
        for low, high in product(below, above):
            finding = _between(variable, low, high)
            if finding is not None:
                yield finding
        for same in (below, above):
            yield from _off_by_one(variable, same)


def _leaves(protocol: Protocol, name: str) -> list[_Leaf]:
    """Operator, threshold and the flags, rules and diagnoses that read it."""
    items = [
        *((flag.id, flag.slot) for flag in protocol.flags),
        *((rule.id, rule.slot) for rule in protocol.rules),
        *((d.id, slot) for d in protocol.diagnoses for slot in d.criteria.values()),
        *((modifier.id, modifier.slot) for modifier in protocol.modifiers),
    ]
    below: dict[int, list[str]] = {}
    for item, top in items:
        pending = [top]
        while pending:
            slot = pending.pop()
            clause = protocol.clauses[slot]
            if clause.kind == "leaf" and clause.says["variable"] == name:
                below.setdefault(slot, []).append(item)
            elif clause.kind in {"all", "any", "not", "n_of", "ref"}:
                pending.extend(clause.children)
    return [
        (
            protocol.clauses[slot].says["operator"],
            protocol.clauses[slot].says["value"],
            tuple(dict.fromkeys(readers)),
        )
        for slot, readers in sorted(below.items())
        if isinstance(protocol.clauses[slot].says["value"], int | float)
    ]


def _out_of_range(variable: Variable, leaves: list[_Leaf]) -> Iterator[Fields]:
    low, high = variable.minimum or 0, variable.maximum or 0
    for operator, value, items in leaves:
        if not low <= value <= high:
            message = (
                f"{variable.id} {operator} {value:g} lies outside {low:g} to {high:g} and is always the same"
            )
            yield (
                "threshold_out_of_range",
                "error",
                items,
                message,
                {variable.id: high if value > high else low},
            )


def _between(variable: Variable, low: _Leaf, high: _Leaf) -> Fields | None:
    """``low`` ends where ``high`` should begin, but a value falls between them or into both."""
    (low_op, low_value, low_items), (high_op, high_value, high_items) = low, high
    items = tuple(dict.fromkeys((*low_items, *high_items)))
    said = (
        f"{variable.id} {low_op} {low_value:g} ({', '.join(low_items)}) "
        f"and {high_op} {high_value:g} ({', '.join(high_items)})"
    )
    if variable.type == "int":
        last = low_value if low_op == "le" else low_value - 1
        first = high_value if high_op == "ge" else high_value + 1
        left_out = last + 1 if first - last == 2 else None
        shared = first if first == last else None
    else:
        close = low_op == "le" and 0 < high_value - low_value <= 1
        touching = low_value == high_value
        left_out = (
            (low_value + high_value) / 2
            if close or (touching and (low_op, high_op) == ("lt", "gt"))
            else None
        )
        shared = low_value if touching and (low_op, high_op) == ("le", "ge") else None
    if left_out is not None:
        return "gap", "note", items, f"{said} leave out {left_out:g}", {variable.id: left_out}
    if shared is not None:
        return "both_sides", "note", items, f"{said} both hold at {shared:g}", {variable.id: shared}
    return None


def _off_by_one(variable: Variable, leaves: list[_Leaf]) -> Iterator[Fields]:
    for place, first in enumerate(leaves):
        for second in leaves[place + 1 :]:
            small, large = sorted((first, second), key=lambda leaf: leaf[1])
            step = large[1] - small[1]
            if 0 < step <= 1 and step <= _NEAR_SHARE * large[1]:
                items = tuple(dict.fromkeys((*small[2], *large[2])))
                message = (
                    f"{variable.id} is compared with {small[1]:g} ({', '.join(small[2])}) "
                    f"and with {large[1]:g} ({', '.join(large[2])}): is one of them mistyped?"
                )
                yield "off_by_one", "note", items, message, {variable.id: small[1]}

"""The function that decides: from answers to slots, open questions and the whole tree of evidence in one pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kernel.evidence.explain import Node, names_of, node_builder, shown
from kernel.evidence.operators import Slots
from kernel.evidence.protocol import Protocol
from kernel.evidence.straight_line import StraightLine
from kernel.evidence.variables import RECORD

#: Slots, the open flags, rules and diagnoses with the variables to ask, and the evidence.
Decided = tuple[Slots, tuple[Mapping[str, Any], ...], dict[str, Any]]


def deciding_function(protocol: Protocol) -> Callable[[Mapping[str, Any]], Decided]:
    """The protocol's own function; the evidence it gives shares parts between decisions: read it, never change it."""
    clauses, start = protocol.clauses, len(protocol.inputs)
    line = StraightLine(clauses, protocol.inputs)
    builders = [node_builder(slot, clause) for slot, clause in enumerate(clauses)]
    blank_slots, blanks = list(protocol.blank), list[Node | None]([None] * len(clauses))
    for slot in range(start, len(clauses)):
        blanks[slot] = builders[slot](blank_slots, blanks)
    lines = line.answers()
    bits = line.constant("bits", protocol.bits)
    lines += ["k = 0", f"for name in a: k |= {bits}[name]"]
    # What comes from the record is no question to anybody.
    recorded = {protocol.inputs[name] for name, one in protocol.variables.items() if one.filled_by == RECORD}
    for slot in range(len(clauses)):
        if slot >= start:
            lines += line.truth_of(slot)
            lines += line.node_of(slot, protocol.reads[slot], blanks[slot], builders[slot])
        lines.append(line.mask_of(slot, 0 if slot in recorded else protocol.reads[slot]))
    lines += _unknown(line, protocol)
    lines += _evidence(line, protocol)
    lines.append(f"return [{', '.join(f's{slot}' for slot in range(len(clauses)))}], tuple(u), e")
    return line.made("decide", "a", lines)


def _unknown(line: StraightLine, protocol: Protocol) -> list[str]:
    names, kept = tuple(protocol.inputs), dict[int, tuple[str, ...]]()
    line.constant("asks", lambda mask: names_of(mask, names, kept))
    lines = ["u = []"]
    kinds = (
        *((flag.id, "red_flag", flag.slot) for flag in protocol.flags),
        *((rule.id, "rule", rule.slot) for rule in protocol.rules),
        *((entry.id, "diagnosis", entry.slot) for entry in protocol.entries),
    )
    for place, (name, kind, slot) in enumerate(kinds):
        told = line.constant(f"U{place}", name)
        lines.append(
            f'if s{slot} == 1: u.append({{"id": {told}, "kind": "{kind}", "variables": asks(m{slot})}})'
        )
    return lines


def _evidence(line: StraightLine, protocol: Protocol) -> list[str]:
    counted = 0

    def key(text: str) -> str:
        nonlocal counted
        counted += 1
        return line.constant(f"X{counted}", text)

    def nodes(pairs: Any) -> str:
        return f"{{{', '.join(f'{key(name)}: n{slot}' for name, slot in pairs)}}}"

    def state(slot: int | None) -> str:
        return "None" if slot is None else f"NAMES[s{slot}]"

    diagnoses = ", ".join(
        f'{key(one.id)}: {{"criteria": {nodes(one.criteria.items())}, "definite": {state(one.definite)}, '
        f'"probable": {state(one.probable)}, '
        f'"suspected": {"None" if one.suspected is None else f"n{one.suspected}"}}}'
        for one in protocol.diagnoses
    )
    raises = ", ".join(
        f"{key(rule.id)}: ["
        + ", ".join(f'{{"to": {key(to)}, "when": n{slot}}}' for to, slot in rule.raises)
        + "]"
        for rule in protocol.rules
        if rule.raises
    )
    routing = protocol.routing
    lines = ["d = {}"]
    line.constant("shown", shown)
    for name, slot in protocol.values.items():
        given = protocol.inputs[name]
        if slot != given:
            lines.append(f"if s{given} is None and s{slot} is not None: d[{key(name)}] = shown(s{slot})")
    return [
        *lines,
        "e = {",
        f'    "red_flags": {nodes((flag.id, flag.slot) for flag in protocol.flags)},',
        f'    "diagnoses": {{{diagnoses}}},',
        f'    "rules": {nodes((rule.id, rule.slot) for rule in protocol.rules)},',
        f'    "raises": {{{raises}}},',
        f'    "modifiers": {nodes((one.id, one.slot) for one in protocol.modifiers)},',
        f'    "upgrades": {nodes((one.id, one.slot) for one in routing.upgrades)},',
        f'    "reviews": {nodes((c.id, c.slot) for c in routing.reviews if c.kind == "condition")},',
        '    "derived": d,',
        "}",
    ]

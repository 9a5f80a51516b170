"""Evaluation of a protocol for one set of answers: pure, total on typed answers, the same in any order."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from kernel.evidence.choose_route import choose_route
from kernel.evidence.decision import Decision
from kernel.evidence.explain import Node, names_of, node_builder, open_variables, shown
from kernel.evidence.items import Flag, Rule
from kernel.evidence.operators import Slots
from kernel.evidence.protocol import Protocol
from kernel.evidence.truth import NAMES, TRUE, UNKNOWN


class _Blank:
    """What is the same for every decision of one protocol: the tree and the open questions of no answers."""

    def __init__(self, protocol: Protocol) -> None:
        slots = list(protocol.blank)
        start = len(protocol.inputs)
        self.names = tuple(protocol.inputs)
        self.builders = [node_builder(slot, clause) for slot, clause in enumerate(protocol.clauses)]
        self.nodes: list[Node | None] = [None] * len(slots)
        for slot in range(start, len(slots)):
            self.nodes[slot] = self.builders[slot](slots, self.nodes)
        self.masks = [protocol.reads[slot] if slot < start else 0 for slot in range(len(slots))]
        open_variables(protocol.clauses, slots, self.masks, range(start, len(slots)))
        self.urgency = protocol.routing.priorities
        self.questions: dict[int, tuple[str, ...]] = {}
        self.kinds: tuple[tuple[str, str, int], ...] = (
            *((flag.id, "red_flag", flag.slot) for flag in protocol.flags),
            *((rule.id, "rule", rule.slot) for rule in protocol.rules),
            *((entry.id, "diagnosis", entry.slot) for entry in protocol.entries),
        )
        self.flags = {flag.id: _flag_says(flag) for flag in protocol.flags}
        self.rules = {rule.id: _rule_says(rule) for rule in protocol.rules}
        self.modifiers = {
            m.id: {"id": m.id, "add": m.add, **_signing(m.document)} for m in protocol.modifiers
        }


@lru_cache(maxsize=64)
def _blank_of(protocol: Protocol) -> _Blank:
    return _Blank(protocol)


def evaluate(protocol: Protocol, answers: Mapping[str, Any]) -> Decision:
    """The decision for typed answers (`Protocol.check_answers` makes them), with its evidence.

    Never raises for typed answers and reads no clock. Absent answers are unknown: they are listed in
    ``unknown`` with the variables to ask and never change the route.
    """
    blank = _blank_of(protocol)
    slots = protocol.fill(answers)
    nodes, masks, builders = blank.nodes.copy(), blank.masks.copy(), blank.builders
    known = 0
    for name in answers:
        known |= protocol.bits[name]
        masks[protocol.inputs[name]] = 0
    changed = [slot for slot, reads, _ in protocol.steps if reads & known]
    for slot in changed:
        nodes[slot] = builders[slot](slots, nodes)
    open_variables(protocol.clauses, slots, masks, changed)
    fired = [flag for flag in protocol.flags if slots[flag.slot] == TRUE]
    return Decision(
        protocol_id=protocol.id,
        protocol_version=protocol.version,
        outcome=choose_route(protocol, slots),
        diagnoses=tuple(
            {
                "id": entry.id,
                "certainty": entry.certainty,
                "subtypes": [name for name, slot in entry.subtypes if slots[slot] == TRUE],
            }
            for entry in protocol.entries
            if slots[entry.slot] == TRUE
        ),
        red_flags=tuple(blank.flags[flag.id] for flag in fired),
        rules=tuple(_rule_fired(blank, rule, slots) for rule in protocol.rules if slots[rule.slot] == TRUE),
        modifiers=tuple(blank.modifiers[m.id] for m in protocol.modifiers if slots[m.slot] == TRUE),
        blocks=tuple(sorted({block for flag in fired for block in flag.blocks})),
        unknown=tuple(
            {"id": name, "kind": kind, "variables": names_of(masks[slot], blank.names, blank.questions)}
            for name, kind, slot in blank.kinds
            if slots[slot] == UNKNOWN
        ),
        evidence=_evidence(protocol, slots, nodes),
    )


def fired_flags(protocol: Protocol, answers: Mapping[str, Any]) -> tuple[Flag, ...]:
    """The red flags that are true for typed answers. Computes nothing else: made for every saved page."""
    slots = list(protocol.blank)
    known = 0
    for name, value in answers.items():
        slots[protocol.inputs[name]] = value
        known |= protocol.bits[name]
    clauses, reads = protocol.clauses, protocol.reads
    for slot in protocol.flag_slots:
        if reads[slot] & known:
            slots[slot] = clauses[slot].test(slots)
    return tuple(flag for flag in protocol.flags if slots[flag.slot] == TRUE)


def _evidence(protocol: Protocol, slots: Slots, nodes: list[Node | None]) -> dict[str, Any]:
    derived = {}
    for name, slot in protocol.values.items():
        if slot != protocol.inputs[name] and slots[protocol.inputs[name]] is None and slots[slot] is not None:
            derived[name] = shown(slots[slot])
    return {
        "red_flags": {flag.id: nodes[flag.slot] for flag in protocol.flags},
        "diagnoses": {
            diagnosis.id: {
                "criteria": {name: nodes[slot] for name, slot in diagnosis.criteria.items()},
                "definite": NAMES[slots[diagnosis.definite]],
                "probable": None if diagnosis.probable is None else NAMES[slots[diagnosis.probable]],
                "suspected": None if diagnosis.suspected is None else nodes[diagnosis.suspected],
            }
            for diagnosis in protocol.diagnoses
        },
        "rules": {rule.id: nodes[rule.slot] for rule in protocol.rules},
        "raises": {
            rule.id: [{"to": to, "when": nodes[slot]} for to, slot in rule.raises]
            for rule in protocol.rules
            if rule.raises
        },
        "modifiers": {modifier.id: nodes[modifier.slot] for modifier in protocol.modifiers},
        "upgrades": {upgrade.id: nodes[upgrade.slot] for upgrade in protocol.routing.upgrades},
        "reviews": {c.id: nodes[c.slot] for c in protocol.routing.reviews if c.kind == "condition"},
        "derived": derived,
    }


def _signing(document: Mapping[str, Any]) -> dict[str, Any]:
    """Source, status and sign-off of an item: unsigned must be visible wherever it fires."""
    signoff = document.get("signoff") or {}
    return {
        "source": document.get("source"),
        "status": document.get("status"),
        "signed_by": signoff.get("by"),
        "signed_on": signoff.get("on"),
    }


def _flag_says(flag: Flag) -> dict[str, Any]:
    told = {
        key: flag.document[key] for key in ("show", "ack_minutes", "never_auto_close") if key in flag.document
    }
    return {
        "id": flag.id,
        "name": flag.document["name"],
        "action": flag.action,
        "priority": flag.priority,
        "to": flag.to,
        "blocks": list(flag.blocks),
        **told,
        **_signing(flag.document),
    }


def _rule_says(rule: Rule) -> dict[str, Any]:
    says = {"id": rule.id, "name": rule.document["name"], "route": rule.route, "priority": rule.priority}
    if "recheck_weeks" in rule.document:
        says["recheck_weeks"] = rule.document["recheck_weeks"]
    return {**says, **_signing(rule.document)}


def _rule_fired(blank: _Blank, rule: Rule, slots: Slots) -> dict[str, Any]:
    says = blank.rules[rule.id]
    raised = [to for to, slot in rule.raises if slots[slot] == TRUE]
    return {**says, "raised_to": min(raised, key=blank.urgency.index)} if raised else says

"""Evaluation of a protocol for one set of answers: pure, total on typed answers, the same in any order."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from kernel.evidence.choose_route import choose_route
from kernel.evidence.deciding import deciding_function
from kernel.evidence.decision import Decision
from kernel.evidence.items import Flag, Rule
from kernel.evidence.operators import Slots
from kernel.evidence.protocol import Protocol
from kernel.evidence.truth import TRUE


class _Ready:
    """What is made once a protocol: its straight-line function, and what fired items say of themselves."""

    def __init__(self, protocol: Protocol) -> None:
        self.decide = deciding_function(protocol)
        self.urgency = protocol.routing.priorities
        self.flags = {flag.id: _flag_says(flag) for flag in protocol.flags}
        self.rules = {rule.id: _rule_says(rule) for rule in protocol.rules}
        self.modifiers = {
            m.id: {"id": m.id, "add": m.add, **_signing(m.document)} for m in protocol.modifiers
        }


@lru_cache(maxsize=64)
def _ready(protocol: Protocol) -> _Ready:
    return _Ready(protocol)


def evaluate(protocol: Protocol, answers: Mapping[str, Any]) -> Decision:
    """The decision for typed answers (`Protocol.check_answers` makes them), with its evidence.

    Never raises for typed answers and reads no clock. Absent answers are unknown: they are listed in
    ``unknown`` with the variables to ask and never change the route.
    """
    ready = _ready(protocol)
    slots, unknown, evidence = ready.decide(answers)
    flags = [flag for flag in protocol.flags if slots[flag.slot] == TRUE]
    rules = [rule for rule in protocol.rules if slots[rule.slot] == TRUE]
    return Decision(
        protocol_id=protocol.id,
        protocol_version=protocol.version,
        outcome=choose_route(protocol, slots, flags, rules),
        diagnoses=tuple(
            {
                "id": entry.id,
                "certainty": entry.certainty,
                "subtypes": [name for name, slot in entry.subtypes if slots[slot] == TRUE],
            }
            for entry in protocol.entries
            if slots[entry.slot] == TRUE
        ),
        red_flags=tuple(ready.flags[flag.id] for flag in flags),
        rules=tuple(_rule_fired(ready, rule, slots) for rule in rules),
        modifiers=tuple(ready.modifiers[m.id] for m in protocol.modifiers if slots[m.slot] == TRUE),
        blocks=tuple(sorted({block for flag in flags for block in flag.blocks})),
        unknown=unknown,
        evidence=evidence,
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


def _rule_fired(ready: _Ready, rule: Rule, slots: Slots) -> dict[str, Any]:
    says = ready.rules[rule.id]
    raised = [to for to, slot in rule.raises if slots[slot] == TRUE]
    return {**says, "raised_to": min(raised, key=ready.urgency.index)} if raised else says

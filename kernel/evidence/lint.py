"""What is wrong or worth a look in a protocol that compiles, each with answers that show it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from kernel.evidence.choose_route import choose_route
from kernel.evidence.explain import shown
from kernel.evidence.lint_boundaries import boundary_findings
from kernel.evidence.protocol import Protocol
from kernel.evidence.truth import FALSE, TRUE, UNKNOWN
from kernel.evidence.witness import find_answers

ERROR, NOTE = "error", "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. ``severity`` error blocks publishing; note is for the eye.

    Codes: unreachable, overlap, uncovered, value_never_read, not_asked, threshold_out_of_range, gap,
    both_sides, off_by_one.
    """

    code: str
    severity: str
    items: tuple[str, ...]
    message: str
    witness: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        witness = {name: shown(value) for name, value in self.witness.items()}
        return {
            "code": self.code,
            "severity": self.severity,
            "items": list(self.items),
            "message": self.message,
            "witness": witness,
        }


def lint(protocol: Protocol, asked_variables: Collection[str]) -> tuple[Finding, ...]:
    """All findings, errors first. ``asked_variables`` are those of the published questionnaires."""
    found = [
        *_unreachable(protocol),
        *_not_asked(protocol, frozenset(asked_variables)),
        *(Finding(*one) for one in boundary_findings(protocol)),
        *_overlaps(protocol),
        *_uncovered(protocol),
    ]
    return tuple(sorted(found, key=lambda one: one.severity != ERROR))


def read_by_item(protocol: Protocol) -> dict[str, int]:
    """The slot of every flag, rule, modifier and diagnosis entry by id."""
    return {
        **{flag.id: flag.slot for flag in protocol.flags},
        **{rule.id: rule.slot for rule in protocol.rules},
        **{modifier.id: modifier.slot for modifier in protocol.modifiers},
        **{entry.id: entry.slot for entry in protocol.entries},
    }


def _unreachable(protocol: Protocol) -> list[Finding]:
    found = []
    for name, slot in read_by_item(protocol).items():
        if find_answers(protocol, [(slot, TRUE)]).impossible:
            found.append(
                Finding("unreachable", ERROR, (name,), f"{name} can never be true, whatever is answered", {})
            )
    for place, tie in enumerate(protocol.routing.tie_breaks):
        if find_answers(protocol, [(slot, TRUE) for slot in tie.slots]).impossible:
            message = f"tie-break {place + 1} needs diagnoses that never stand together"
            found.append(Finding("unreachable", ERROR, tie.if_dx, message, {}))
    return found


def _not_asked(protocol: Protocol, asked: frozenset[str]) -> list[Finding]:
    found = []
    names = list(protocol.inputs)
    items = read_by_item(protocol)
    for name, variable in protocol.variables.items():
        value = protocol.reads[protocol.values[name]]
        sources = {one for one in names if value & protocol.bits[one]}
        if variable.filled_by is not None or sources & asked:
            continue
        bit = protocol.bits[name]
        readers = tuple(item for item, slot in items.items() if protocol.reads[slot] & bit)
        if not readers or _feeds_asked(protocol, name, asked):
            continue
        witness = find_answers(protocol, [(items[readers[0]], TRUE)]).answers or {}
        message = f"no published questionnaire asks {name}; {', '.join(readers[:6])} can stay unknown"
        found.append(Finding("not_asked", NOTE, readers, message, witness))
    return found


def _feeds_asked(protocol: Protocol, name: str, asked: frozenset[str]) -> bool:
    """A list or source read only through derived variables that are asked themselves."""
    slot = protocol.inputs[name]
    fed = [
        one
        for one, value in protocol.values.items()
        if one != name and slot in protocol.clauses[value].children
    ]
    direct = any(clause.kind == "leaf" and slot in clause.children for clause in protocol.clauses)
    return bool(fed) and not direct and all(one in asked for one in fed)


def _overlaps(protocol: Protocol) -> list[Finding]:
    found = []
    for first, second in combinations(protocol.rules, 2):
        if first.route == second.route:
            continue
        witness = find_answers(protocol, [(first.slot, TRUE), (second.slot, TRUE)], effort=600).answers
        if witness is None:
            continue
        outcome = choose_route(protocol, protocol.fill(witness))
        by = str(outcome.route_because["by"]).replace("_", " ")
        both = f"{first.id} ({first.route}) and {second.id} ({second.route}) fire together"
        message = f"{both}; {by} gives {outcome.route}"
        found.append(Finding("overlap", NOTE, (first.id, second.id), message, witness))
    return found


def _uncovered(protocol: Protocol) -> list[Finding]:
    found = []
    witness = find_answers(protocol, [(rule.slot, FALSE) for rule in protocol.rules], effort=20_000).answers
    if witness is not None:
        message = f"no routing rule covers these answers; they go to {protocol.routing.fallback_route}"
        found.append(Finding("uncovered", NOTE, (), message, witness))
    for name, variable in protocol.variables.items():
        if variable.type != "set" or not any(
            protocol.reads[rule.slot] & protocol.bits[name] for rule in protocol.rules
        ):
            continue
        for value in variable.values:
            answer = frozenset({value})
            if _tells_nothing(protocol, name, answer):
                message = f"{name} = {value} makes no flag, diagnosis or rule true or likelier"
                found.append(Finding("value_never_read", NOTE, (name,), message, {name: answer}))
    return found


def _tells_nothing(protocol: Protocol, name: str, answer: frozenset[str]) -> bool:
    slots = protocol.fill({name: answer})
    leaves = [
        slot
        for slot, clause in enumerate(protocol.clauses)
        if clause.kind == "leaf" and clause.says["variable"] == name
    ]
    return bool(leaves) and all(slots[slot] in {FALSE, UNKNOWN} for slot in leaves)

"""The straight-line functions mean what the clauses mean, and no text of a document is ever executed."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings

from kernel.contracts.protocol import shipped_document, shipped_protocol
from kernel.evidence import compile_protocol, evaluate
from kernel.evidence.near_misses import near_misses
from kernel.evidence.probe import Probe, telling_slots
from tests.kernel.evidence.answering import some_answers

PROTOCOL = shipped_protocol()


def clause_by_clause(answers: dict[str, Any]) -> list[Any]:
    """Every slot by its clause's own test, one after the other."""
    slots = list(PROTOCOL.blank)
    for name, value in answers.items():
        slots[PROTOCOL.inputs[name]] = value
    for slot, clause in enumerate(PROTOCOL.clauses):
        if clause.kind != "answer":
            slots[slot] = clause.test(slots)
    return slots


@given(some_answers)
@settings(max_examples=60, deadline=None)
def test_every_slot_is_what_its_clause_says(answers: dict[str, Any]) -> None:
    assert PROTOCOL.fill(answers) == clause_by_clause(answers)


@given(some_answers)
@settings(max_examples=20, deadline=None)
def test_trying_an_answer_finds_what_evaluating_it_finds(answers: dict[str, Any]) -> None:
    probe = Probe(PROTOCOL, answers)
    before = list(probe.slots)
    told = telling_slots(PROTOCOL)
    for name in ("age_years", "fever", "hx_days_per_month", "regions", "hx_nausea"):
        value = {
            "age_years": 15,
            "fever": True,
            "hx_days_per_month": 15.0,
            "regions": frozenset({"neck"}),
        }.get(name, "severe")
        found = probe.changed_by(name, value)
        after = PROTOCOL.fill({**answers, name: value})
        decided = evaluate(PROTOCOL, {**answers, name: value})
        begins_or_ends = [
            slot for slot in told if before[slot] != after[slot] and 2 in (before[slot], after[slot])
        ]
        assert (found is not None) == bool(begins_or_ends)
        if found is not None:
            assert found[:2] == (decided.route, decided.priority)
    assert probe.slots == before


@pytest.mark.parametrize(
    "name", ['X"]}; raise SystemExit', "{__import__('os').abort()}", "a\nb'\"\\", "é\u2028"]
)
def test_ids_and_texts_of_a_document_are_never_code(name: str) -> None:
    document = copy.deepcopy(shipped_document())
    flag = document["red_flags"][0]
    flag |= {"id": name, "name": name}
    rule = next(r for r in document["routes"]["rules"] if r["id"] == "PT2")
    rule |= {"name": name}
    flag["when"] = {"variable": "fever", "operator": "eq", "value": True, "id": name, "status": name}
    protocol = compile_protocol(document)
    decision = evaluate(protocol, {"fever": True})
    assert name in {one["id"] for one in decision.red_flags}
    assert decision.evidence["red_flags"][name]["id"] == name
    assert near_misses(protocol, {"fever": True, "age_years": 40})


def test_a_clause_of_a_thousand_parts_is_still_decided() -> None:
    document = copy.deepcopy(shipped_document())
    rule = next(r for r in document["routes"]["rules"] if r["id"] == "PT2")
    leaves = [{"variable": "age_years", "operator": "gt", "value": n / 10} for n in range(1000)]
    rule["when"] = {"n_of": 500, "of": leaves}
    document["red_flags"][0]["when"] = {"all": leaves}
    protocol = compile_protocol(document)
    fired = {one["id"] for one in evaluate(protocol, {"age_years": 60}).rules}
    assert "PT2" in fired
    assert "PT2" not in {one["id"] for one in evaluate(protocol, {"age_years": 49}).rules}
    assert evaluate(protocol, {}).insufficient_data

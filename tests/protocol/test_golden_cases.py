"""The shipped golden cases hold, cover every clause, and notice a changed threshold."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

import pytest

from kernel.contracts.protocol import golden_cases, shipped_document, shipped_protocol
from kernel.evidence import Protocol, compile_protocol
from kernel.evidence.choose_route import choose_route
from kernel.evidence.coverage import coverage, main
from kernel.evidence.golden import GoldenCase, GoldenCasesRefused, read_golden_cases, run_golden_cases
from kernel.evidence.truth import TRUE


@pytest.mark.parametrize(
    "result", run_golden_cases(shipped_protocol(), golden_cases()), ids=lambda one: one.case.id
)
@pytest.mark.capability("C2", "C4")
def test_golden_case(result: Any) -> None:
    assert result.differences == {}, result.case.title


def test_there_are_enough_and_each_says_what_it_is() -> None:
    cases = golden_cases()
    assert len(cases) >= 150
    for case in cases:
        assert case.name
        assert case.title
        assert {"route", "priority", "diagnoses"} <= set(case.expected)
    reached = {(case.expected["route"], case.expected["priority"]) for case in cases}
    assert {route for route, _ in reached} == set(shipped_protocol().routing.order)
    assert {priority for _, priority in reached} == set(shipped_protocol().routing.priorities)


def test_every_clause_is_exercised_true_false_and_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    protocol = shipped_protocol()
    found = coverage(protocol, [protocol.check_answers(case.answers)[0] for case in golden_cases()])
    assert found.missing == ()
    assert found.share == 1.0
    assert main() == 0
    assert "100.0 %" in capsys.readouterr().out


def test_fewer_cases_leave_clauses_named() -> None:
    found = coverage(shipped_protocol(), [{}])
    assert found.seen < found.total
    assert "thunderclap eq True is never true" in found.missing


def raise_overuse(document: dict[str, Any]) -> None:
    overuse = next(one for one in document["diagnoses"] if one["id"] == "ICHD_8_2")
    leaf = next(one for one in overuse["criteria"][1]["all"][1]["any"] if one["id"] == "ICHD_8_2_3")
    leaf["value"] = 16


def soften_cauda_equina(document: dict[str, Any]) -> None:
    next(one for one in document["red_flags"] if one["id"] == "RF_CES")["action"] = "S"


def adults_from_nineteen(document: dict[str, Any]) -> None:
    document["routes"]["review_when"][0]["when"]["value"] = 19


@pytest.mark.parametrize("change", [raise_overuse, soften_cauda_equina, adults_from_nineteen])
def test_a_changed_threshold_fails_a_case(change: Callable[[dict[str, Any]], None]) -> None:
    document = copy.deepcopy(shipped_document())
    change(document)
    failed = [one for one in run_golden_cases(compile_protocol(document), golden_cases()) if not one.passed]
    assert failed


def test_every_number_of_a_rule_is_pinned_from_both_sides() -> None:
    """Moving any threshold of a flag, diagnosis or rule by one step fails some golden case.

    A threshold an item states twice moves in both places: one alone would leave the other to decide.
    """
    document = shipped_document()
    loose = []
    for item in (*document["red_flags"], *document["diagnoses"], *document["routes"]["rules"]):
        leaves = _number_leaves(item)
        for key in {(leaf["variable"], leaf["operator"], leaf["value"]) for leaf in leaves}:
            same = [leaf for leaf in leaves if (leaf["variable"], leaf["operator"], leaf["value"]) == key]
            near = [case for case in golden_cases() if _is_near(case.answers.get(key[0]), key[2])]
            for step in (-1, 1):
                for leaf in same:
                    leaf["value"] = key[2] + step
                moved = compile_protocol(document)
                if all(_holds(moved, case) for case in near):
                    loose.append((item["id"], *key, step))
            for leaf in same:
                leaf["value"] = key[2]
    # At 17 the longer adult attack also meets the shorter limit of a child: nothing can tell them apart.
    assert loose == [("ICHD_1_1", "age_years", "ge", 18, -1)]


def test_a_case_decided_clause_by_clause_gets_what_the_whole_evaluator_gives_it() -> None:
    """The test above writes no function for each of its protocols; this holds its way of deciding to the real one."""
    document = shipped_document()
    for change in (soften_cauda_equina, adults_from_nineteen, raise_overuse):
        change(document)
        protocol = compile_protocol(document)
        told = {result.case.id: result.passed for result in run_golden_cases(protocol, golden_cases())}
        assert {case.id: _holds(protocol, case) for case in golden_cases()} == told
        assert not all(told.values())


def _holds(protocol: Protocol, case: GoldenCase) -> bool:
    """Whether the case gets what it must, each clause asked by its own test and no function made of the protocol.

    A protocol made for one change decides a handful of cases: writing its function costs a hundred times that.
    """
    typed, errors = protocol.check_answers(case.answers)
    assert not errors
    slots = list(protocol.blank)
    for name, value in typed.items():
        slots[protocol.inputs[name]] = value
    for slot in range(len(protocol.inputs), len(slots)):
        slots[slot] = protocol.clauses[slot].test(slots)
    outcome = choose_route(protocol, slots)
    entries = [entry for entry in protocol.entries if slots[entry.slot] == TRUE]
    held = {entry.id: [name for name, at in entry.subtypes if slots[at] == TRUE] for entry in entries}
    found = {
        "route": outcome.route,
        "priority": outcome.priority,
        "secondary": sorted(outcome.secondary),
        "diagnoses": {entry.id: entry.certainty for entry in entries},
        "subtypes": {name: named for name, named in held.items() if named},
        "red_flags": sorted(one.id for one in protocol.flags if slots[one.slot] == TRUE),
        "modifiers": sorted(one.add for one in protocol.modifiers if slots[one.slot] == TRUE),
        "insufficient_data": outcome.insufficient_data,
    }
    wanted = {key: sorted(one) if isinstance(one, list) else one for key, one in case.expected.items()}
    return all(found[key] == one for key, one in wanted.items())


def _is_near(answer: Any, threshold: float) -> bool:
    return isinstance(answer, int | float) and abs(answer - threshold) <= 1


def _number_leaves(part: Any) -> list[dict[str, Any]]:
    if isinstance(part, list):
        return [leaf for one in part for leaf in _number_leaves(one)]
    if not isinstance(part, dict):
        return []
    value = part.get("value")
    if "operator" in part:
        numeric = isinstance(value, int | float) and not isinstance(value, bool)
        return [part] if numeric and part["operator"] != "count_ge" else []
    return [leaf for one in part.values() for leaf in _number_leaves(one)]


def test_unusable_case_files_are_refused() -> None:
    case = {"id": "A", "answers": {}, "expected": {}}
    with pytest.raises(GoldenCasesRefused, match="twice"):
        read_golden_cases({"cases": [case, case]})
    with pytest.raises(GoldenCasesRefused, match="background"):
        read_golden_cases({"cases": [{**case, "background": "none"}]})


def test_a_case_with_a_variable_the_protocol_lacks_fails() -> None:
    cases = read_golden_cases({"cases": [{"id": "A", "answers": {"shoe_size": 9}, "expected": {}}]})
    assert not run_golden_cases(shipped_protocol(), cases)[0].passed


def test_all_cases_run_well_within_publishing_time() -> None:
    began = time.process_time()
    run_golden_cases(compile_protocol(shipped_document()), golden_cases())
    assert time.process_time() - began < 2.5

"""The linter finds each planted fault and shows answers that prove it."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

import pytest

from kernel.contracts.protocol import shipped_document, shipped_protocol
from kernel.evidence import compile_protocol, evaluate
from kernel.evidence.lint import Finding, lint, read_by_item
from kernel.evidence.truth import FALSE, TRUE
from kernel.evidence.witness import find_answers

ALL = frozenset(shipped_protocol().variables)


def linted(change: Callable[[dict[str, Any]], object], asked: frozenset[str] = ALL) -> list[Finding]:
    document = copy.deepcopy(shipped_document())
    change(document)
    known = lint(shipped_protocol(), ALL)
    return [one for one in lint(compile_protocol(document), asked) if one not in known]


def rule(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in document["routes"]["rules"] if one["id"] == name)


def leaf(variable: str, operator: str, value: Any) -> dict[str, Any]:
    return {"variable": variable, "operator": operator, "value": value}


def test_the_shipped_protocol_has_no_errors() -> None:
    assert [one for one in lint(shipped_protocol(), ALL) if one.severity == "error"] == []


@pytest.mark.capability("T8")
class TestPlantedFaults:
    @pytest.mark.parametrize(
        "when",
        [
            {"all": [leaf("age_years", "ge", 65), leaf("age_years", "lt", 18)]},
            {"all": [leaf("hx_laterality", "eq", "left"), leaf("hx_laterality", "eq", "right")]},
            {
                "all": [
                    leaf("regions", "contains", "neck"),
                    {"not": leaf("regions", "contains_any", ["neck", "head"])},
                ]
            },
            {"n_of": 2, "of": [leaf("fever", "eq", True), leaf("fever", "eq", False)]},
            {"all": [{"ref": "SN04.when"}, leaf("thunderclap", "eq", False)]},
        ],
    )
    def test_an_unreachable_rule(self, when: dict[str, Any]) -> None:
        found = linted(lambda d: rule(d, "SC5").update(when=when))
        assert ("unreachable", "error", ("SC5",)) in {(one.code, one.severity, one.items) for one in found}

    def test_two_routes_for_the_same_answers(self) -> None:
        found = linted(
            lambda d: rule(d, "PT5").update(when=leaf("regions", "contains_any", ["neck", "face"]))
        )
        overlap = next(one for one in found if one.code == "overlap" and one.items == ("MR9", "PT5"))
        answers = dict(overlap.witness)
        fired = {one["id"] for one in evaluate(shipped_protocol(), answers).rules}
        assert "MR9" in fired
        assert answers["regions"] & {"neck", "face"}

    def test_answers_no_rule_covers(self) -> None:
        finding = next(one for one in lint(shipped_protocol(), ALL) if one.code == "uncovered")
        decision = evaluate(shipped_protocol(), finding.witness)
        assert (decision.route, decision.rules) == ("staff_triage", ())
        assert decision.insufficient_data is False

    def test_a_value_nobody_reads(self) -> None:
        found = [one for one in lint(shipped_protocol(), ALL) if one.code == "value_never_read"]
        assert {"regions": frozenset({"face"})} in [dict(one.witness) for one in found]
        assert {"regions": frozenset({"neck"})} not in [dict(one.witness) for one in found]

    def test_a_variable_no_questionnaire_asks(self) -> None:
        found = linted(lambda d: None, ALL - {"bladder_bowel_change"})
        assert [one.code for one in found] == ["not_asked"]
        assert "RF_CES" in found[0].items
        assert found[0].witness

    def test_a_derived_variable_is_asked_through_its_list(self) -> None:
        derived = {"med_days_triptan", "med_days_any_acute", "med_months", "med_classes_count"}
        assert linted(lambda d: None, ALL - derived) == []
        assert linted(lambda d: None, ALL - {"meds"}) == []
        missing = {
            one.message.split()[4].rstrip(";") for one in linted(lambda d: None, ALL - derived - {"meds"})
        }
        assert derived <= missing

    @pytest.mark.parametrize(
        ("when", "code", "value"),
        [
            (leaf("hx_days_per_month", "ge", 14), "off_by_one", 14),
            (leaf("hx_days_per_month", "gt", 15), "gap", 15),
            (leaf("hx_days_per_month", "le", 15), "both_sides", 15),
            (leaf("hx_days_per_month", "le", 14), "gap", 14.5),
            (leaf("head_neck_trauma_days", "ge", 9), "gap", 8),
            (leaf("hx_days_per_month", "ge", 40), "threshold_out_of_range", 31),
        ],
    )
    def test_a_boundary_off_by_one(self, when: dict[str, Any], code: str, value: float) -> None:
        found = [one for one in linted(lambda d: rule(d, "SC5").update(when=when)) if "SC5" in one.items]
        assert (code, value) in {(one.code, one.witness.get(when["variable"])) for one in found}


@pytest.mark.parametrize("name", sorted(read_by_item(shipped_protocol())))
@pytest.mark.parametrize("truth", [TRUE, FALSE])
def test_answers_are_found_for_every_item(name: str, truth: int) -> None:
    protocol = shipped_protocol()
    slot = read_by_item(protocol)[name]
    answers = find_answers(protocol, [(slot, truth)]).answers
    assert answers is not None
    assert protocol.fill(answers)[slot] == truth


def test_a_finding_is_json() -> None:
    first = lint(shipped_protocol(), ALL)[0].to_json()
    assert set(first) == {"code", "severity", "items", "message", "witness"}


def test_linting_takes_well_under_a_second() -> None:
    protocol = compile_protocol(shipped_document())
    began = time.process_time()
    lint(protocol, ALL)
    assert time.process_time() - began < 1.5

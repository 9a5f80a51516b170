"""The case shows why: clauses with answers, what was nearly true, and what is worth asking."""

from typing import Any

import pytest

from tests.referral.conftest import NECK_PAIN, Clinic

ARM_PAIN = {
    "age_years": 47,
    "regions": ["neck", "arm"],
    "radicular_arm": True,
    "conservative_weeks": 8,
    "conservative_failed": True,
}


def leaves(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        own = [node] if "variable" in node else []
        return own + [leaf for value in node.values() for leaf in leaves(value)]
    return [leaf for item in node for leaf in leaves(item)] if isinstance(node, list) else []


@pytest.mark.capability("T3")
def test_every_rule_shows_each_clause_the_answer_and_the_version(clinic: Clinic) -> None:
    case = clinic.submit(ARM_PAIN)
    decision = case["decision"]
    clauses = leaves(decision["evidence"]["rules"]["SC3"])
    seen = {leaf["variable"]: (leaf["result"], leaf.get("answer")) for leaf in clauses}
    assert seen["radicular_arm"] == ("true", True)
    assert seen["conservative_weeks"] == ("true", 8)
    assert seen["imaging_concordant"] == ("unknown", None)
    for rule in decision["rules"]:
        assert {"source", "status", "signed_by"} <= set(rule)
    assert case["labels"]["radicular_arm"]["es"]


@pytest.mark.capability("T4")
def test_a_near_miss_names_the_one_answer_that_would_change_the_route(clinic: Clinic) -> None:
    case = clinic.submit(ARM_PAIN)
    assert case["route"] != "surgical_consult"
    misses = [m for m in case["decision"]["near_misses"] if m["route"] == "surgical_consult"]
    by_variable = {m["variable"]: m for m in misses}
    assert by_variable["imaging_concordant"]["value"] is True
    assert by_variable["imaging_concordant"]["answered"] is False
    assert by_variable["imaging_concordant"]["label"]["en"]
    assert case["near_miss_count"] == len(case["decision"]["near_misses"])
    told = clinic.call("POST", "/evaluate", {**ARM_PAIN, "imaging_concordant": True}).json
    assert told is not None
    assert told["route"] == "surgical_consult"


def test_a_skipped_bladder_question_is_unknown_and_asked_never_no(clinic: Clinic) -> None:
    case = clinic.submit({**NECK_PAIN, "regions": ["low_back"]})
    unknown = {item["id"]: item["variables"] for item in case["decision"]["unknown"]}
    assert "bladder_bowel_change" in unknown["RF_CES"]
    asked = [q["variable"] for q in case["decision"]["questions"]]
    assert "bladder_bowel_change" in asked
    answered = clinic.submit({**NECK_PAIN, "regions": ["low_back"], "bladder_bowel_change": False})
    assert "bladder_bowel_change" not in [q["variable"] for q in answered["decision"]["questions"]]

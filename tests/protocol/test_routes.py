"""Routes and priorities: every rule, the precedence between them, tie-breaks, raises and upgrades."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.contracts.protocol import shipped_document
from tests.protocol.cases import (
    ADULT,
    AURA,
    CHRONIC_MIGRAINE,
    CLUSTER,
    MIGRAINE,
    NECK_HEADACHE,
    OVERUSE,
    TENSION,
    decide,
    flags,
    found,
    rules,
    unknown,
)

RADICULAR = {**ADULT, "radicular_leg": True}
FAILED_CARE = {"conservative_weeks": 6, "conservative_failed": True, "imaging_concordant": True}
PROBABLE_MIGRAINE = {**MIGRAINE, "hx_attacks_lifetime": 3}

#: (rule, answers that fire it, change that makes it false, route, priority)
RULES: list[tuple[str, dict[str, Any], dict[str, Any], str, str]] = [
    ("SC1", {"hand_clumsy": True, "hand_numb": True}, {"hand_numb": False, "gait_change": False, "electric_neck": False, "leg_stiff": False}, "surgical_consult", "P3"),
    ("SC2", {"limb_weakness": "new_or_worse"}, {"limb_weakness": "stable"}, "same_day_clinician", "P1"),
    ("SC3", {**RADICULAR, **FAILED_CARE}, {"conservative_weeks": 5.9}, "surgical_consult", "P4"),
    ("SC3", {"radicular_arm": True, **FAILED_CARE}, {"imaging_concordant": False}, "surgical_consult", "P4"),
    ("SC3", {"radicular_arm": True, **FAILED_CARE}, {"conservative_failed": False}, "surgical_consult", "P4"),
    ("SC4", {"walking_limited_leaning_helps": True, "imaging_stenosis": True, "conservative_weeks": 6}, {"conservative_weeks": 5.5}, "surgical_consult", "P4"),
    ("SC5", {"known_instability_or_lesion": True}, {"known_instability_or_lesion": False}, "surgical_consult", "P3"),
    ("SC6", {"prior_spine_surgery": True, "symptoms_new_or_progressive": True}, {"prior_spine_surgery": False}, "surgical_consult", "P3"),
    ("MR1", MIGRAINE, {"hx_attacks_lifetime": 1, "hx_duration_min": 10, "aura_attacks_lifetime": 0, "aura_reversible": False, "hx_days_per_month": 1, "hx_pattern_months": 1}, "medication_review", "P5"),
    ("MR1", PROBABLE_MIGRAINE, {"hx_duration_min": 10, "aura_attacks_lifetime": 0, "aura_reversible": False}, "medication_review", "P5"),
    ("MR2", CHRONIC_MIGRAINE, {"hx_migraine_days_per_month": 7}, "medication_review", "P4"),
    ("MR3", {**OVERUSE, "med_days_triptan": 10}, {"pre_existing_headache": False}, "medication_review", "P4"),
    ("MR4", {**MIGRAINE, "hx_days_per_month": 6}, {"hx_days_per_month": 5.9, "hx_impairment": "none"}, "medication_review", "P4"),
    ("MR4", {**MIGRAINE, "hx_days_per_month": 4, "hx_impairment": "some"}, {"hx_days_per_month": 3.9}, "medication_review", "P4"),
    ("MR4", {**MIGRAINE, "hx_days_per_month": 3, "hx_impairment": "severe"}, {"hx_days_per_month": 2.9}, "medication_review", "P4"),
    ("MR5", {"med_days_any_acute": 8}, {"med_days_any_acute": 7.9}, "medication_review", "P5"),
    ("MR6", CLUSTER, {"hx_attacks_per_day": 9, "hx_duration_min": 10}, "medication_review", "P3"),
    ("MR6", {**CLUSTER, "hx_attacks_per_day": 9}, {"hx_duration_min": 10}, "medication_review", "P3"),
    ("MR7", {**MIGRAINE, "hx_duration_min": 5000, "migraine_attacks_lifetime": 4}, {"hx_duration_min": 4320, "vomits_oral_drugs": False}, "medication_review", "P1"),
    ("MR7", {"vomits_oral_drugs": True}, {"vomits_oral_drugs": False, "hx_duration_min": 60}, "medication_review", "P1"),
    ("MR9", {"requests_drug_or_injection": True}, {"requests_drug_or_injection": False}, "medication_review", "P5"),
    ("MR10", {**TENSION, "regions": ["head"]}, {"regions": ["head", "neck"]}, "medication_review", "P5"),
    ("PT1", {**NECK_HEADACHE, "regions": ["head"]}, {"neck_provokes_headache": False, "neck_posture_provokes": False, "neck_onset_related": False, "neck_improves_together": False, "hx_side_locked": False}, "physical_therapy", "P4"),
    ("PT2", {"regions": ["neck"]}, {"regions": ["head"]}, "physical_therapy", "P5"),
    ("PT3", {**TENSION, "regions": ["head", "neck"]}, {"regions": ["head"]}, "physical_therapy", "P5"),
    ("PT4", {"regions": ["low_back"]}, {"regions": ["neck"]}, "physical_therapy", "P5"),
    ("PT5", {"regions": ["mid_back"]}, {"regions": ["neck"]}, "physical_therapy", "P5"),
    ("PT5", {"regions": ["upper_back", "leg"]}, {"regions": ["leg"]}, "physical_therapy", "P5"),
    ("PT6", {"radicular_arm": True, "pain_weeks": 5.9}, {"pain_weeks": 6}, "physical_therapy", "P4"),
    ("PT6", {"radicular_leg": True, "pain_weeks": 2}, {"radicular_leg": False, "radicular_arm": False}, "physical_therapy", "P4"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "answers", "change", "route", "priority"), RULES)
@pytest.mark.capability("C4")
def test_rule_fires_is_false_and_is_unknown(
    rule: str, answers: dict[str, Any], change: dict[str, Any], route: str, priority: str
) -> None:
    decision = decide(answers)
    assert rule in rules(decision)
    if rule == "SC1":  # its flag is urgent, which does not bar a surgical consult
        assert flags(decision) == {"RF_MYELO"}
    assert (decision.route, decision.priority) == (route, priority)
    changed = decide({**answers, **change})
    assert rule not in rules(changed)
    assert rule not in unknown(changed)
    assert rule in unknown(decide({}))


def test_every_rule_of_the_document_is_tested() -> None:
    assert {name for name, *_ in RULES} == {rule["id"] for rule in shipped_document()["routes"]["rules"]}


@pytest.mark.capability("C4")
class TestPrecedence:
    def test_emergency_comes_before_everything(self) -> None:
        decision = decide(
            {**MIGRAINE, "age_years": 12, "fever": True, "neck_stiffness": True, "regions": ["neck"]}
        )
        assert (decision.route, decision.priority) == ("emergency", "P0")
        assert decision.secondary == ("medication_review", "physical_therapy")
        assert decision.outcome.route_because["of"] == ["SN01E"]

    def test_same_day_comes_before_a_minor_and_before_rules(self) -> None:
        decision = decide(
            {"age_years": 12, "fever": True, "regions": ["arm"], "known_instability_or_lesion": True}
        )
        assert (decision.route, decision.priority) == ("same_day_clinician", "P1")
        assert decision.secondary == ("surgical_consult",)

    @pytest.mark.parametrize(("age", "route"), [(17, "staff_triage"), (18, "physical_therapy")])
    def test_under_18_goes_to_staff(self, age: int, route: str) -> None:
        decision = decide({"age_years": age, "regions": ["neck"]})
        assert decision.route == route
        assert decision.secondary == (("physical_therapy",) if age < 18 else ())
        assert decision.insufficient_data is False

    def test_an_unknown_age_is_not_a_minor(self) -> None:
        assert decide({"regions": ["neck"]}).route == "physical_therapy"

    def test_no_rule_and_open_questions_is_insufficient_data(self) -> None:
        decision = decide({"age_years": 40})
        assert (decision.route, decision.priority) == ("staff_triage", "P5")
        assert decision.insufficient_data is True

    def test_an_inflammatory_back_goes_to_staff(self) -> None:
        decision = decide({**ADULT, "regions": ["low_back"], "inflammatory_back_features": True})
        assert (decision.route, decision.secondary) == ("staff_triage", ("physical_therapy",))

    def test_an_urgent_flag_never_leaves_physical_therapy_first(self) -> None:
        decision = decide({**ADULT, "regions": ["neck"], "progressive_weeks": True})
        assert (decision.route, decision.priority) == ("staff_triage", "P3")
        assert decision.secondary == ("physical_therapy",)
        assert decision.outcome.route_because == {"by": "review", "cause": "urgent_flag_rule", "of": ["SN10"]}

    def test_recent_onset_alone_leaves_physical_therapy_and_sets_p4(self) -> None:
        decision = decide({**ADULT, "regions": ["neck"], "hx_onset_months": 1})
        assert (decision.route, decision.priority) == ("physical_therapy", "P4")

    def test_an_urgent_flag_lets_medication_review_and_surgery_stand(self) -> None:
        medicine = decide({**MIGRAINE, "pattern_change": True})
        assert (medicine.route, medicine.priority) == ("medication_review", "P3")
        surgery = decide(
            {**ADULT, "regions": ["neck"], "known_instability_or_lesion": True, "pattern_change": True}
        )
        assert (surgery.route, surgery.secondary) == ("surgical_consult", ("physical_therapy",))

    def test_surgery_before_medicine_before_therapy(self) -> None:
        decision = decide({**MIGRAINE, "regions": ["neck"], "known_instability_or_lesion": True})
        assert decision.route == "surgical_consult"
        assert decision.secondary == ("medication_review", "physical_therapy")

    def test_a_marker_flag_changes_no_route(self) -> None:
        decision = decide({**ADULT, "regions": ["neck"], "med_daily_sedating": True})
        assert flags(decision) == {"RF_OPIOID"}
        assert (decision.route, decision.priority) == ("physical_therapy", "P5")

    def test_unknown_flags_never_change_the_route(self) -> None:
        decision = decide({"regions": ["neck"]})
        assert {"RF_CES", "SN04", "RF_CAD"} <= unknown(decision)
        assert decision.route == "physical_therapy"


@pytest.mark.capability("C4")
class TestTieBreaks:
    def test_suspected_neck_headache_with_probable_migraine_goes_to_therapy(self) -> None:
        decision = decide({**NECK_HEADACHE, **PROBABLE_MIGRAINE})
        assert found(decision) == {"ICHD_1_5_1": "probable", "CGH_SUSPECTED": "suspected"}
        assert (decision.route, decision.secondary) == ("physical_therapy", ("medication_review",))
        assert decision.outcome.route_because == {"by": "tie_break", "of": ["CGH_SUSPECTED", "ICHD_1_5_1"]}

    def test_suspected_neck_headache_with_definite_migraine_goes_to_medicine(self) -> None:
        decision = decide({**NECK_HEADACHE, **MIGRAINE})
        assert (decision.route, decision.secondary) == ("medication_review", ("physical_therapy",))
        assert decision.priority == "P4"

    @pytest.mark.capability("C5")
    def test_suspected_neck_headache_with_overuse_goes_to_medicine(self) -> None:
        decision = decide({**NECK_HEADACHE, **OVERUSE, "med_days_non_opioid": 20})
        assert (decision.route, decision.secondary) == ("medication_review", ("physical_therapy",))
        assert [one["id"] for one in decision.diagnoses] == ["ICHD_8_2", "CGH_SUSPECTED"]


@pytest.mark.capability("C4")
class TestPriorities:
    @pytest.mark.parametrize(
        "change", [{"med_days_opioid": 1}, {"med_butalbital": True}, {"med_daily_sedating": True}]
    )
    def test_opioid_or_butalbital_raises_overuse(self, change: dict[str, Any]) -> None:
        base = {**OVERUSE, "med_days_triptan": 12}
        assert decide(base).priority == "P4"
        raised = decide({**base, **change})
        assert raised.priority == "P3"
        assert next(one for one in raised.rules if one["id"] == "MR3")["raised_to"] == "P3"

    @pytest.mark.parametrize(("bouts", "priority"), [(0, "P2"), (1, "P2"), (2, "P3")])
    def test_first_cluster_bout_is_next_day(self, bouts: int, priority: str) -> None:
        assert decide({**CLUSTER, "hx_bouts_count": bouts}).priority == priority

    @pytest.mark.parametrize("region", ["neck", "low_back"])
    def test_acute_disabling_pain_is_within_a_week(self, region: str) -> None:
        base = {**ADULT, "regions": [region], "pain_disabling": True}
        assert decide({**base, "pain_weeks": 3.9}).priority == "P3"
        assert decide({**base, "pain_weeks": 4}).priority == "P5"
        assert decide({**base, "pain_weeks": 3, "nprs_now": 8}).priority == "P2"

    def test_disabling_acute_radicular_pain_is_within_a_week(self) -> None:
        assert decide({**RADICULAR, "pain_weeks": 5, "pain_disabling": True}).priority == "P3"

    @pytest.mark.parametrize(
        ("change", "priority"),
        [
            ({"nprs_now": 7}, "P5"),
            ({"nprs_now": 8}, "P4"),
            ({"phq9_total": 14}, "P5"),
            ({"phq9_total": 15}, "P4"),
            ({"unable_to_work": True}, "P4"),
            ({"contacts_same_problem": 2}, "P5"),
            ({"contacts_same_problem": 3}, "P4"),
            ({"nprs_now": 9, "phq9_total": 20, "unable_to_work": True}, "P4"),
        ],
    )
    def test_upgrade_by_one_class_only(self, change: dict[str, Any], priority: str) -> None:
        assert decide({**ADULT, "regions": ["neck"], **change}).priority == priority

    def test_an_upgrade_never_makes_an_emergency(self) -> None:
        decision = decide({**ADULT, "fever": True, "nprs_now": 10})
        assert decision.priority == "P1"
        assert decision.outcome.priority_because["upgraded"] is False

    def test_the_most_urgent_of_all_that_fired_counts(self) -> None:
        decision = decide({**MIGRAINE, "regions": ["neck"], "hx_days_per_month": 7})
        assert decision.priority == "P4"
        assert decision.outcome.priority_because["set_by"] == ["MR4"]


MODIFIERS: list[tuple[dict[str, Any], str]] = [
    ({"phq2_total": 3}, "psychologically_informed_care"),
    ({"gad2_total": 3}, "psychologically_informed_care"),
    ({**MIGRAINE, "vascular_disease": True}, "caution_triptan_ergot"),
    ({**MIGRAINE, "planning_pregnancy": True}, "caution_valproate_topiramate"),
    ({**MIGRAINE, "pregnancy_status": "pregnant"}, "caution_valproate_topiramate"),
    ({**MIGRAINE, "kidney_disease": True}, "caution_nsaid"),
    ({**MIGRAINE, "ulcer_history": True}, "caution_nsaid"),
    ({**MIGRAINE, "anticoagulant": True}, "caution_nsaid"),
    ({"pregnancy_status": "pregnant"}, "caution_nsaid_pregnancy"),
    ({**MIGRAINE, "hx_days_per_month": 5, "hx_impairment": "none"}, "consider_prevention"),
    ({**MIGRAINE, "hx_days_per_month": 3, "hx_impairment": "some"}, "consider_prevention"),
    ({**MIGRAINE, "hx_days_per_month": 2, "hx_impairment": "severe"}, "consider_prevention"),
    ({**MIGRAINE, "migraine_told_before": False}, "never_diagnosed_migraine"),
    ({**NECK_HEADACHE, "neck_frt_degrees": 30}, "exam_supports_cervicogenic"),
    ({"regions": ["low_back"], "pain_weeks": 3.9}, "low_back_acute"),
    ({"regions": ["low_back"], "pain_weeks": 4}, "low_back_subacute"),
    ({"regions": ["low_back"], "pain_weeks": 12}, "low_back_subacute"),
    ({"regions": ["low_back"], "pain_weeks": 12.5}, "low_back_chronic"),
    ({"hand_clumsy": True, "leg_stiff": True, "mjoa_total": 15}, "myelopathy_mild"),
    ({"hand_clumsy": True, "leg_stiff": True, "mjoa_total": 12}, "myelopathy_moderate"),
    ({"hand_clumsy": True, "leg_stiff": True, "mjoa_total": 11}, "myelopathy_severe"),
]


@pytest.mark.parametrize(("answers", "added"), MODIFIERS)
def test_remarks_for_staff_change_neither_route_nor_rules(answers: dict[str, Any], added: str) -> None:
    decision = decide(answers)
    assert added in {one["add"] for one in decision.modifiers}


def test_oestrogen_is_a_caution_with_aura_only() -> None:
    with_aura = decide({**AURA, "uses_oestrogen": True})
    assert "caution_oestrogen" in {one["add"] for one in with_aura.modifiers}
    without_aura = decide(
        {**MIGRAINE, "aura_attacks_lifetime": 0, "aura_symptoms": [], "uses_oestrogen": True}
    )
    assert "caution_oestrogen" not in {one["add"] for one in without_aura.modifiers}


def test_payer_terms_for_cervical_fusion_are_shown_as_open() -> None:
    base = {
        **ADULT,
        "radicular_arm": True,
        **FAILED_CARE,
        "limb_weakness": "none",
        "bladder_bowel_change": False,
    }
    calm = dict.fromkeys(("hand_clumsy", "hand_numb", "gait_change", "electric_neck"), False)

    def adds(change: dict[str, Any]) -> set[str]:
        return {str(one["add"]) for one in decide({**base, **calm, **change}).modifiers}

    assert "payer_terms_open" in adds({"arm_pain_nprs": 5})
    assert "payer_terms_open" not in adds({"arm_pain_nprs": 5, "conservative_weeks": 12})
    assert "payer_terms_open" not in adds({"arm_pain_nprs": 7})


def test_migraine_never_named_before_is_surfaced() -> None:
    told = decide({**MIGRAINE, "migraine_told_before": True})
    assert "never_diagnosed_migraine" not in {one["add"] for one in told.modifiers}
    silent = decide(MIGRAINE)
    assert "never_diagnosed_migraine" not in {one["add"] for one in silent.modifiers}
    never = decide({**MIGRAINE, "migraine_told_before": False})
    assert "never_diagnosed_migraine" in {one["add"] for one in never.modifiers}

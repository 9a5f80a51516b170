"""Every row of the headache tables: met, just missed, and left unknown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.protocol.cases import (
    AURA,
    CHRONIC_MIGRAINE,
    CLUSTER,
    MIGRAINE,
    NECK_HEADACHE,
    OVERUSE,
    TENSION,
    decide,
    found,
    unknown,
)


def without(answers: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in answers.items() if name not in names}


@pytest.mark.parametrize(
    ("base", "change", "expected"),
    [
        # 1.1: A to D, and the longer and shorter attacks of adults and children
        (MIGRAINE, {}, "ICHD_1_1"),
        (MIGRAINE, {"hx_attacks_lifetime": 5}, "ICHD_1_1"),
        (MIGRAINE, {"hx_attacks_lifetime": 4}, "ICHD_1_5_1"),
        (MIGRAINE, {"hx_duration_min": 240}, "ICHD_1_1"),
        (MIGRAINE, {"hx_duration_min": 239}, "ICHD_1_5_1"),
        (MIGRAINE, {"hx_duration_min": 4320}, "ICHD_1_1"),
        (MIGRAINE, {"age_years": 17, "hx_duration_min": 120}, "ICHD_1_1"),
        (MIGRAINE, {"age_years": 17, "hx_duration_min": 119}, "ICHD_1_5_1"),
        (MIGRAINE, {"age_years": 18, "hx_duration_min": 120}, "ICHD_1_5_1"),
        (MIGRAINE, {"hx_laterality": "bilateral", "hx_quality": ["pressing"]}, "ICHD_1_1"),
        (
            MIGRAINE,
            {"hx_laterality": "alternating", "hx_worse_activity": False, "hx_quality": []},
            "ICHD_1_1",
        ),
        (MIGRAINE, {"hx_nausea": "none", "hx_photophobia": False}, "ICHD_1_5_1"),
        (MIGRAINE, {"hx_nausea": "none"}, "ICHD_1_1"),
        (MIGRAINE, {"hx_nausea": "none", "hx_photophobia": False, "hx_vomiting": True}, "ICHD_1_1"),
        # 1.2: the final edition wants three of six
        (AURA, {}, "ICHD_1_2"),
        (AURA, {"aura_attacks_lifetime": 2}, "ICHD_1_2"),
        (AURA, {"aura_attacks_lifetime": 1}, "ICHD_1_5_2"),
        (AURA, {"aura_gradual_5min": False}, "ICHD_1_5_2"),
        (AURA, {"aura_reversible": False}, "ICHD_1_5_2"),
        (AURA, {"aura_symptoms": []}, "ICHD_1_5_2"),
        (AURA, {"aura_symptom_min": 5}, "ICHD_1_2"),
        (AURA, {"aura_symptom_min": 4}, "ICHD_1_5_2"),
        (AURA, {"aura_symptom_min": 60}, "ICHD_1_2"),
        (AURA, {"aura_symptom_min": 61}, "ICHD_1_5_2"),
        (AURA, {"aura_symptom_min": 61, "aura_unilateral": True}, "ICHD_1_2"),
        (AURA, {"aura_symptom_min": 61, "aura_succession": True}, "ICHD_1_2"),
        (AURA, {"aura_symptom_min": 61, "aura_headache_60min": True}, "ICHD_1_2"),
        # 1.3 and 1.4.1
        (CHRONIC_MIGRAINE, {}, "ICHD_1_3"),
        (CHRONIC_MIGRAINE, {"hx_days_per_month": 15, "hx_migraine_days_per_month": 8}, "ICHD_1_3"),
        (
            without(CHRONIC_MIGRAINE, "hx_attacks_lifetime"),
            {"migraine_attacks_lifetime": 5},
            "ICHD_1_3",
        ),
        (MIGRAINE, {"hx_duration_min": 4321, "migraine_attacks_lifetime": 2}, "ICHD_1_4_1"),
        # 2.1, 2.2, 2.3 and their probable forms
        (TENSION, {"hx_days_per_month": 0.9}, "ICHD_2_1"),
        (TENSION, {"hx_days_per_month": 1}, "ICHD_2_2"),
        (TENSION, {"hx_days_per_month": 14.9}, "ICHD_2_2"),
        (TENSION, {"hx_days_per_month": 15}, "ICHD_2_3"),
        (TENSION, {"hx_attacks_lifetime": 10}, "ICHD_2_2"),
        (TENSION, {"hx_attacks_lifetime": 9}, "ICHD_2_4_2"),
        (TENSION, {"hx_days_per_month": 0.5, "hx_attacks_lifetime": 9}, "ICHD_2_4_1"),
        (TENSION, {"hx_pattern_months": 3}, "ICHD_2_4_2"),
        (TENSION, {"hx_duration_min": 30}, "ICHD_2_2"),
        (TENSION, {"hx_duration_min": 29}, "ICHD_2_4_2"),
        (TENSION, {"hx_duration_min": 10080}, "ICHD_2_2"),
        (TENSION, {"hx_duration_min": 10081}, "ICHD_2_4_2"),
        (TENSION, {"hx_photophobia": True}, "ICHD_2_2"),
        (
            TENSION,
            {"hx_quality": ["tightening"], "hx_laterality": "left", "hx_severity": "severe"},
            "ICHD_2_2",
        ),
        (TENSION, {"hx_days_per_month": 20, "hx_duration_min": 60}, "ICHD_2_3"),
        (TENSION, {"hx_days_per_month": 20, "hx_duration_min": 59, "hx_continuous": True}, "ICHD_2_3"),
        (TENSION, {"hx_days_per_month": 20, "hx_duration_min": 20, "hx_continuous": False}, "ICHD_2_4_3"),
        (TENSION, {"hx_days_per_month": 20, "hx_nausea": "mild"}, "ICHD_2_3"),
        (
            TENSION,
            {"hx_days_per_month": 20, "hx_nausea": "mild", "hx_photophobia": True, "hx_duration_min": 200},
            "ICHD_2_4_3",
        ),
        # 3.1
        (CLUSTER, {}, "ICHD_3_1"),
        (CLUSTER, {"hx_attacks_lifetime": 5}, "ICHD_3_1"),
        (CLUSTER, {"hx_attacks_lifetime": 4}, "ICHD_3_5_1"),
        (CLUSTER, {"hx_duration_min": 15}, "ICHD_3_1"),
        (CLUSTER, {"hx_duration_min": 14}, "ICHD_3_5_1"),
        (CLUSTER, {"hx_duration_min": 180}, "ICHD_3_1"),
        (CLUSTER, {"hx_duration_min": 181}, "ICHD_3_5_1"),
        (CLUSTER, {"restless": False}, "ICHD_3_1"),
        (CLUSTER, {"autonomic_ipsilateral": []}, "ICHD_3_1"),
        (CLUSTER, {"autonomic_ipsilateral": [], "restless": False}, "ICHD_3_5_1"),
        (CLUSTER, {"hx_attacks_per_day": 0.5}, "ICHD_3_1"),
        (CLUSTER, {"hx_attacks_per_day": 0.4}, "ICHD_3_5_1"),
        (CLUSTER, {"hx_attacks_per_day": 8}, "ICHD_3_1"),
        (CLUSTER, {"hx_attacks_per_day": 8.5}, "ICHD_3_5_1"),
        (CLUSTER, {"hx_severity": "moderate"}, "ICHD_3_5_1"),
        (CLUSTER, {"hx_laterality": "bilateral"}, "ICHD_3_5_1"),
        # 4.10
        ({}, {"hx_daily_from_first_24h": True, "hx_pattern_months": 4}, "ICHD_4_10"),
        # 11.2.1
        (
            {},
            {"neck_disorder_evidence": True, "neck_onset_related": True, "neck_improves_together": True},
            "ICHD_11_2_1",
        ),
        (
            {},
            {
                "neck_disorder_evidence": True,
                "neck_rom_reduced": True,
                "neck_provokes_headache": True,
                "neck_block_abolished": True,
            },
            "ICHD_11_2_1",
        ),
        (NECK_HEADACHE, {}, "CGH_SUSPECTED"),
        ({}, {"neck_posture_provokes": True, "hx_side_locked": True}, "CGH_SUSPECTED"),
        ({}, {"neck_onset_related": True, "neck_improves_together": True}, "CGH_SUSPECTED"),
    ],
)
def test_criteria_met(base: dict[str, Any], change: dict[str, Any], expected: str) -> None:
    result = found(decide({**base, **change}))
    assert expected in result
    probable = {"ICHD_1_5_1", "ICHD_1_5_2", "ICHD_2_4_1", "ICHD_2_4_2", "ICHD_2_4_3", "ICHD_3_5_1"}
    certainty = (
        "probable" if expected in probable else "suspected" if expected == "CGH_SUSPECTED" else "definite"
    )
    assert result[expected] == certainty


@pytest.mark.parametrize(
    ("answers", "absent"),
    [
        ({**MIGRAINE, "hx_duration_min": 4321}, "ICHD_1_1"),
        ({**MIGRAINE, "hx_attacks_lifetime": 4, "hx_duration_min": 60}, "ICHD_1_5_1"),
        ({**CHRONIC_MIGRAINE, "hx_days_per_month": 14}, "ICHD_1_3"),
        ({**CHRONIC_MIGRAINE, "hx_migraine_days_per_month": 7.5}, "ICHD_1_3"),
        ({**CHRONIC_MIGRAINE, "hx_pattern_months": 3}, "ICHD_1_3"),
        ({**CHRONIC_MIGRAINE, "hx_attacks_lifetime": 4}, "ICHD_1_3"),
        ({**CHRONIC_MIGRAINE, "hx_daily_from_first_24h": True}, "ICHD_1_3"),
        ({**MIGRAINE, "hx_duration_min": 4320, "migraine_attacks_lifetime": 2}, "ICHD_1_4_1"),
        ({**MIGRAINE, "hx_duration_min": 4321, "migraine_attacks_lifetime": 1}, "ICHD_1_4_1"),
        ({**TENSION, "hx_nausea": "mild"}, "ICHD_2_2"),
        ({**TENSION, "hx_days_per_month": 20, "hx_vomiting": True}, "ICHD_2_3"),
        ({**TENSION, "hx_days_per_month": 20, "hx_nausea": "moderate"}, "ICHD_2_3"),
        ({**TENSION, "hx_photophobia": True, "hx_phonophobia": True}, "ICHD_2_2"),
        ({"hx_daily_from_first_24h": True, "hx_pattern_months": 3}, "ICHD_4_10"),
        ({"neck_onset_related": True, "neck_improves_together": True}, "ICHD_11_2_1"),
        (
            {"neck_disorder_evidence": False, "neck_onset_related": True, "neck_improves_together": True},
            "ICHD_11_2_1",
        ),
        ({"neck_provokes_headache": True, "neck_posture_provokes": True}, "CGH_SUSPECTED"),
    ],
)
def test_criteria_not_met(answers: dict[str, Any], absent: str) -> None:
    assert absent not in found(decide(answers))


@pytest.mark.parametrize(
    ("change", "subtype"),
    [
        ({"med_days_ergotamine": 10}, "ICHD_8_2_1"),
        ({"med_days_triptan": 10}, "ICHD_8_2_2"),
        ({"med_days_non_opioid": 15}, "ICHD_8_2_3"),
        ({"med_days_opioid": 10}, "ICHD_8_2_4"),
        ({"med_days_combination": 10}, "ICHD_8_2_5"),
        ({"med_classes_count": 2, "med_days_any_acute": 10}, "ICHD_8_2_6"),
        ({"med_days_other_acute": 10}, "ICHD_8_2_8"),
    ],
)
@pytest.mark.capability("C5")
def test_overuse_by_class(change: dict[str, Any], subtype: str) -> None:
    decision = decide({**OVERUSE, **change})
    entry = next(one for one in decision.diagnoses if one["id"] == "ICHD_8_2")
    assert entry["certainty"] == "definite"
    assert entry["subtypes"] == [subtype]
    assert decision.route == "medication_review"


@pytest.mark.parametrize(
    "change",
    [
        {"med_days_ergotamine": 9},
        {"med_days_triptan": 9},
        {"med_days_non_opioid": 14},
        {"med_days_opioid": 9},
        {"med_days_combination": 9.5},
        {"med_classes_count": 1, "med_days_any_acute": 12},
        {"med_classes_count": 2, "med_days_any_acute": 9},
        {"med_days_other_acute": 9},
        {"med_days_triptan": 12, "med_months": 3},
        {"med_days_triptan": 12, "hx_days_per_month": 14},
        {"med_days_triptan": 12, "pre_existing_headache": False},
    ],
)
def test_overuse_just_missed(change: dict[str, Any]) -> None:
    assert "ICHD_8_2" not in found(decide({**OVERUSE, **change}))


@pytest.mark.capability("C5")
def test_non_opioids_are_one_class_counted_in_days() -> None:
    rows = [
        {"class": "aspirin", "days_per_month": 8, "months": 6},
        {"class": "acetaminophen", "days_per_month": 7, "months": 6},
    ]
    over = decide({**OVERUSE, "meds": rows})
    assert found(over)["ICHD_8_2"] == "definite"
    assert over.evidence["derived"]["med_days_non_opioid"] == 15
    rows[1]["days_per_month"] = 6
    assert "ICHD_8_2" not in found(decide({**OVERUSE, "meds": rows}))


@pytest.mark.capability("C5")
def test_days_of_two_classes_are_never_simply_added() -> None:
    """Six triptan days and six opioid days may be six days or twelve: that is asked, not assumed."""
    rows = [
        {"class": "triptan", "days_per_month": 6, "months": 6},
        {"class": "opioid", "days_per_month": 6, "months": 6},
    ]
    decision = decide({**OVERUSE, "meds": rows})
    assert "ICHD_8_2" not in found(decision)
    assert "ICHD_8_2" in unknown(decision)
    question = next(one for one in decision.unknown if one["id"] == "ICHD_8_2")
    assert "med_days_any_acute" in question["variables"]
    assert found(decide({**OVERUSE, "meds": rows, "med_days_any_acute": 10}))["ICHD_8_2"] == "definite"
    assert "ICHD_8_2" not in found(decide({**OVERUSE, "meds": rows, "med_days_any_acute": 9}))


def test_muscle_relaxants_steroids_and_preventives_are_not_overuse_classes() -> None:
    rows = [
        {"class": name, "days_per_month": 31, "months": 9}
        for name in ("muscle_relaxant", "corticosteroid", "preventive", "gepant", "ditan")
    ]
    assert "ICHD_8_2" not in found(decide({**OVERUSE, "meds": rows}))
    assert "ICHD_8_2" not in unknown(decide({**OVERUSE, "meds": rows}))


@pytest.mark.capability("C2")
class TestRanking:
    def test_chronic_migraine_and_overuse_stand_together(self) -> None:
        result = found(decide({**CHRONIC_MIGRAINE, **OVERUSE, "med_days_triptan": 12}))
        assert result["ICHD_1_3"] == result["ICHD_8_2"] == "definite"

    def test_chronic_migraine_suppresses_tension_type(self) -> None:
        tension = {**TENSION, "hx_days_per_month": 20, "hx_daily_from_first_24h": False}
        assert "ICHD_2_3" in found(decide(tension))
        both = {**tension, "hx_migraine_days_per_month": 9, "migraine_attacks_lifetime": 6}
        assert "ICHD_1_3" in found(decide(both))
        assert "ICHD_2_3" not in found(decide(both))

    def test_definite_tension_type_beats_probable_migraine(self) -> None:
        result = found(
            decide(
                {**TENSION, "hx_severity": "moderate", "hx_quality": ["pulsating"], "hx_worse_activity": True}
            )
        )
        assert "ICHD_1_5_1" not in result
        definite = {
            **TENSION,
            "hx_duration_min": 300,
            "hx_severity": "moderate",
            "hx_quality": ["pulsating", "pressing"],
            "hx_photophobia": True,
        }
        result = found(decide(definite))
        assert result == {"ICHD_2_2": "definite"}

    def test_probable_migraine_beats_probable_tension_type(self) -> None:
        """Both are all but one: a bilateral pressing moderate headache with mild nausea."""
        answers = {
            **TENSION,
            "hx_nausea": "mild",
            "hx_severity": "moderate",
            "hx_quality": ["pulsating", "pressing"],
            "hx_worse_activity": False,
            "hx_duration_min": 200,
        }
        assert found(decide(answers)) == {"ICHD_1_5_1": "probable"}
        less = found(decide({**answers, "hx_quality": ["pressing"]}))
        assert "ICHD_1_5_1" not in less
        assert less["ICHD_2_4_2"] == "probable"

    def test_probable_cluster_beats_probable_tension_type(self) -> None:
        """Severe, one-sided and pressing: one cluster and one tension-type criterion fail, both forms are whole."""
        answers = {
            **CLUSTER,
            "hx_attacks_per_day": 10,
            "hx_days_per_month": 6,
            "hx_pattern_months": 8,
            "hx_quality": ["pressing"],
            "hx_worse_activity": True,
        }
        evidence = decide(answers).evidence["diagnoses"]["ICHD_2_2"]["criteria"]
        assert [evidence[one]["result"] for one in "ABCD"] == ["true", "true", "false", "true"]
        assert found(decide(answers)) == {"ICHD_3_5_1": "probable"}
        assert "ICHD_2_4_2" in found(decide({**answers, "hx_duration_min": 200}))

    def test_a_probable_form_needs_every_other_criterion_answered(self) -> None:
        decision = decide(without({**MIGRAINE, "hx_attacks_lifetime": 4}, "hx_duration_min"))
        assert "ICHD_1_5_1" not in found(decision)
        assert "ICHD_1_5_1" in unknown(decision)

    def test_cluster_subtypes(self) -> None:
        bouts = {"hx_bouts_count": 2, "hx_bout_days": 7, "hx_remission_months": 3}
        episodic = decide({**CLUSTER, **bouts}).diagnoses[0]
        assert (episodic["id"], episodic["subtypes"]) == ("ICHD_3_1", ["ICHD_3_1_1"])
        chronic = decide({**CLUSTER, "hx_remission_months": 2.5, "hx_pattern_months": 12}).diagnoses[0]
        assert chronic["subtypes"] == ["ICHD_3_1_2"]
        neither = decide({**CLUSTER, **bouts, "hx_bout_days": 6}).diagnoses[0]
        assert neither["subtypes"] == []


@pytest.mark.capability("C2")
def test_an_unanswered_criterion_is_unknown_never_false() -> None:
    decision = decide(without(MIGRAINE, "hx_nausea", "hx_vomiting", "hx_photophobia"))
    assert "ICHD_1_1" not in found(decision)
    assert "ICHD_1_1" in unknown(decision)
    evidence = decision.evidence["diagnoses"]["ICHD_1_1"]
    assert evidence["criteria"]["A"] == {
        "variable": "hx_attacks_lifetime",
        "operator": "ge",
        "value": 5,
        "answer": 20,
        "result": "true",
        "id": "A",
    }
    assert evidence["criteria"]["D"]["result"] == "unknown"
    question = next(one for one in decision.unknown if one["id"] == "ICHD_1_1")
    assert set(question["variables"]) == {"hx_nausea", "hx_vomiting", "hx_photophobia"}


def test_cervicogenic_stays_suspected_until_staff_enter_findings() -> None:
    answers = {**NECK_HEADACHE, "neck_onset_related": True, "neck_improves_together": True}
    before = decide(answers)
    assert found(before) == {"CGH_SUSPECTED": "suspected"}
    assert "ICHD_11_2_1" in unknown(before)
    after = decide({**answers, "neck_disorder_evidence": True})
    assert found(after)["ICHD_11_2_1"] == "definite"
    assert "ICHD_11_2_1" not in found(decide({**answers, "neck_disorder_evidence": False}))


@pytest.mark.parametrize("attacks", [5, 8])
def test_migraine_attacks_are_derived_from_attacks_of_that_kind(attacks: int) -> None:
    decision = decide({**CHRONIC_MIGRAINE, "hx_attacks_lifetime": attacks})
    assert decision.evidence["derived"]["migraine_attacks_lifetime"] == attacks
    other = decide({**CHRONIC_MIGRAINE, "hx_nausea": "none", "hx_photophobia": False})
    assert "migraine_attacks_lifetime" not in other.evidence["derived"]
    assert "ICHD_1_3" in unknown(other)

"""Every red flag: fires, is false once answered, and is unknown, never cleared, while unanswered."""

from __future__ import annotations

from typing import Any

import pytest

from kernel.contracts.protocol import shipped_document, shipped_protocol
from kernel.evidence import evaluate, fired_flags
from tests.protocol.cases import decide, flags, unknown

SPINE = ["low_back"]
MYELOPATHY = {"hand_clumsy": True, "gait_change": True}
UNLIKE = {"pain_unlike_any_before": True}
PREGNANT = {"pregnancy_status": "pregnant"}
ITEM_9 = "phq9_item9"

#: (flag, action, answers that fire it, change that makes it false)
FIRING: list[tuple[str, str | None, dict[str, Any], dict[str, Any]]] = [
    ("SN01E", "E", {"fever": True, "neck_stiffness": True}, {"fever": False}),
    ("SN01E", "E", {"fever": True, "rash": True}, {"fever": False}),
    ("SN01E", "E", {"fever": True, "confusion": True}, {"fever": False}),
    ("SN01S", "S", {"fever": True}, {"fever": False}),
    ("SN01U", "U", {"weight_loss": True}, {"weight_loss": False, "night_sweats": False}),
    ("SN01U", "U", {"night_sweats": True}, {"weight_loss": False, "night_sweats": False}),
    ("SN02", "S", {"cancer_history": True}, {"cancer_history": False}),
    *[
        ("SN03", "E", {name: True}, dict.fromkeys(
            ("face_droop", "limb_weakness_sudden", "speech_trouble_new", "confusion", "seizure", "loc", "double_vision_new"), False
        ))
        for name in ("face_droop", "limb_weakness_sudden", "speech_trouble_new", "confusion", "seizure", "loc", "double_vision_new")
    ],
    ("SN04", "E", {"thunderclap": True}, {"thunderclap": False}),
    ("SN05", "U", {"headache_new": True, "age_years": 65}, {"age_years": 64}),
    ("SN06", "U", {"pattern_change": True}, {"pattern_change": False}),
    ("SN06N", "U", {"hx_onset_months": 2.9}, {"hx_onset_months": 3}),
    ("SN06S", "S", {"worsening_daily": True}, {"worsening_daily": False}),
    ("SN07", "U", {"worse_upright": True}, {"worse_upright": False, "worse_lying": False}),
    ("SN07", "U", {"worse_lying": True}, {"worse_upright": False, "worse_lying": False}),
    ("SN07S", "S", {"worse_lying": True, "unexplained_vomiting": True}, {"worse_lying": False}),
    ("SN07S", "S", {"worse_lying": True, "visual_change_new": True}, {"worse_lying": False}),
    ("SN08", "U", {"valsalva_trigger": True}, {"valsalva_trigger": False, "exertion_trigger": False}),
    ("SN08", "U", {"exertion_trigger": True}, {"valsalva_trigger": False, "exertion_trigger": False}),
    ("SN09", "S", {"told_swollen_optic_nerve": True}, {"told_swollen_optic_nerve": False, "transient_visual_obscuration": False}),
    ("SN09", "S", {"transient_visual_obscuration": True}, {"told_swollen_optic_nerve": False, "transient_visual_obscuration": False}),
    ("SN10", "U", {"progressive_weeks": True}, {"progressive_weeks": False}),
    ("SN11S", "S", {**PREGNANT, "headache_new": True}, {"pregnancy_status": "not_pregnant"}),
    ("SN11S", "S", {"pregnancy_status": "postpartum", "pattern_change": True}, {"pregnancy_status": "not_applicable"}),
    ("SN11S", "S", {"pregnancy_status": "unsure", "headache_new": True}, {"headache_new": False, "pattern_change": False}),
    ("SN11E", "E", {**PREGNANT, "bp_systolic": 160}, {"pregnancy_status": "not_pregnant"}),
    ("SN11E", "E", {**PREGNANT, "bp_diastolic": 110}, {"pregnancy_status": "not_pregnant"}),
    ("SN11E", "E", {**PREGNANT, "seizure": True}, {"pregnancy_status": "not_pregnant"}),
    ("SN11E", "E", {**PREGNANT, "visual_change_new": True}, {"pregnancy_status": "not_pregnant"}),
    ("SN11E", "E", {**PREGNANT, "ruq_pain": True}, {"bp_systolic": 159, "bp_diastolic": 109, "seizure": False, "visual_change_new": False, "ruq_pain": False}),
    ("SN11B", "S", {**PREGNANT, "bp_systolic": 140}, {"bp_systolic": 139, "bp_diastolic": 89}),
    ("SN11B", "S", {**PREGNANT, "bp_diastolic": 90}, {"bp_systolic": 139, "bp_diastolic": 89}),
    ("SN12", "E", {"eye_pain_red": True, "vision_blur_halo": True}, {"vision_blur_halo": False}),
    *[
        ("SN13E", "E", {"head_neck_trauma_days": 90, name: True}, {"head_neck_trauma_days": 91})
        for name in ("loc", "unexplained_vomiting", "anticoagulant", "midline_neck_pain")
    ],
    ("SN13S", "S", {"head_neck_trauma_days": 7}, {"head_neck_trauma_days": 8}),
    ("SN13U", "U", {"head_neck_trauma_days": 90}, {"head_neck_trauma_days": 91}),
    ("SN14", "S", {"immunosuppressed": True}, {"immunosuppressed": False}),
    ("SN14E", "E", {"immunosuppressed": True, "fever": True}, {"fever": False}),
    ("SN15", "M", {"new_drug_at_onset": True}, {"new_drug_at_onset": False, "med_days_any_acute": 9}),
    ("SN15", "M", {"med_days_any_acute": 10}, {"new_drug_at_onset": False, "med_days_any_acute": 9}),
    ("CG01", "S", {"personality_change": True}, {"personality_change": False, "cognitive_change_new": False}),
    ("CG01", "S", {"cognitive_change_new": True}, {"personality_change": False, "cognitive_change_new": False}),
    ("CG02", "S", {"unexplained_vomiting": True}, {"unexplained_vomiting": False}),
    ("SN08E", "E", {"exertion_sudden_first": True}, {"exertion_sudden_first": False}),
    ("BP01", "E", {"regions": ["head"], "bp_systolic": 180}, {"bp_systolic": 179, "bp_diastolic": 119}),
    ("BP01", "E", {"regions": ["head", "neck"], "bp_diastolic": 120}, {"regions": ["neck"]}),
    ("CO01", "E", {"household_headache": True}, {"household_headache": False, "better_away_from_home": False}),
    ("CO01", "E", {"better_away_from_home": True}, {"household_headache": False, "better_away_from_home": False}),
    ("VIS01", "S", {"regions": ["head"], "visual_change_new": True}, {"visual_change_new": False}),
    *[
        ("RF_CES", "E", {name: True}, dict.fromkeys(
            ("bladder_bowel_change", "saddle_numbness", "both_legs_weak", "sexual_dysfunction_new", "radicular_bilateral_new"), False
        ))
        for name in ("bladder_bowel_change", "saddle_numbness", "both_legs_weak", "sexual_dysfunction_new", "radicular_bilateral_new")
    ],
    ("RF_MYELO", "U", MYELOPATHY, dict.fromkeys(("hand_clumsy", "hand_numb", "gait_change", "electric_neck"), False)),
    ("RF_MYELO", "U", {"electric_neck": True, "leg_stiff": True}, dict.fromkeys(("hand_clumsy", "hand_numb", "gait_change", "leg_stiff"), False)),
    ("RF_MYELO", "U", {"hand_numb": True, "leg_stiff": True}, dict.fromkeys(("hand_clumsy", "electric_neck", "gait_change", "leg_stiff"), False)),
    ("RF_MYELO_S", "S", {**MYELOPATHY, "symptoms_new_or_progressive": True}, {"symptoms_new_or_progressive": False}),
    ("RF_MYELO_E", "E", {**MYELOPATHY, "bladder_bowel_change": True}, {"bladder_bowel_change": False}),
    ("RF_SPA", None, {"inflammatory_back_features": True}, {"inflammatory_back_features": False}),
    ("RF_MSCC", "E", {"cancer_history": True, "limb_weakness": "new_or_worse"}, {"cancer_history": False}),
    ("RF_MSCC", "E", {"cancer_history": True, "limb_weakness_sudden": True}, {"cancer_history": False}),
    ("RF_MSCC", "E", {"cancer_history": True, "gait_change": True}, {"cancer_history": False}),
    ("RF_MSCC", "E", {"cancer_history": True, "sensory_level": True}, {"cancer_history": False}),
    ("RF_MSCC", "E", {"cancer_history": True, "bladder_bowel_change": True}, {"cancer_history": False}),
    *[
        ("RF_INFECT_E", "E", {"regions": [region], symptom: True, name: value}, {"regions": ["head"]})
        for region, symptom, name, value in (
            ("neck", "fever", "iv_drug_use", True),
            ("upper_back", "chills", "immunosuppressed", True),
            ("mid_back", "fever", "spinal_procedure_recent", True),
            ("low_back", "chills", "infection_recent", True),
            ("low_back", "fever", "gait_change", True),
            ("low_back", "fever", "bladder_bowel_change", True),
            ("low_back", "fever", "limb_weakness", "new_or_worse"),
        )
    ],
    ("RF_INFECT_S", "S", {"regions": SPINE, "chills": True}, {"fever": False, "chills": False}),
    ("RF_MALIG", "U", {"night_pain_unremitting": True}, {"night_pain_unremitting": False, "weight_loss": False}),
    ("RF_MALIG", "U", {"weight_loss": True}, {"night_pain_unremitting": False, "weight_loss": False}),
    ("RF_FRACT_E", "E", {"trauma_high_energy": True}, {"trauma_high_energy": False, "midline_neck_pain": False}),
    ("RF_FRACT_E", "E", {"midline_neck_pain": True, "head_neck_trauma_days": 7}, {"trauma_high_energy": False, "head_neck_trauma_days": 8}),
    ("RF_FRACT_S", "S", {"trauma_low_energy": True, "osteoporosis": True}, {"trauma_low_energy": False}),
    ("RF_FRACT_S", "S", {"trauma_low_energy": True, "long_steroid": True}, {"trauma_low_energy": False}),
    ("RF_FRACT_S", "S", {"trauma_low_energy": True, "age_years": 70}, {"age_years": 69, "osteoporosis": False, "long_steroid": False}),
    *[
        ("RF_CAD", "E", {**UNLIKE, name: True}, {"pain_unlike_any_before": False})
        for name in ("horner_signs", "dizzy_unsteady", "double_vision_new", "swallow_trouble", "face_numb", "pulsatile_tinnitus", "neck_strain_4wk")
    ],
    *[
        ("RF_GCA_S", "S", {"age_years": 50, opening: True, name: True}, {"age_years": 49})
        for opening, name in (
            ("headache_new", "jaw_tongue_claudication"),
            ("scalp_tender", "temporal_tender"),
            ("headache_new", "girdle_stiffness"),
            ("scalp_tender", "weight_loss"),
            ("headache_new", "fever"),
        )
    ],
    ("RF_GCA_E", "E", {"age_years": 50, "headache_new": True, "visual_change_new": True}, {"age_years": 49}),
    ("RF_STROKE", "E", {"one_eye_loss": True}, {"one_eye_loss": False, "aura_first_or_ongoing": False}),
    ("RF_STROKE", "E", {"aura_symptom_min": 61, "aura_first_or_ongoing": True}, {"one_eye_loss": False, "aura_symptom_min": 60, "aura_symptoms": ["visual"]}),
    ("RF_STROKE", "E", {"aura_symptoms": ["motor"], "aura_first_or_ongoing": True}, {"one_eye_loss": False, "aura_first_or_ongoing": False}),
    ("RF_STROKE", "E", {"aura_symptoms": ["speech"], "aura_first_or_ongoing": True}, {"one_eye_loss": False, "aura_first_or_ongoing": False}),
    ("RF_STROKE", "E", {"aura_symptoms": ["brainstem"], "aura_first_or_ongoing": True}, {"one_eye_loss": False, "aura_first_or_ongoing": False}),
    ("RF_MOTOR", "S", {"limb_weakness": "new_or_worse"}, {"limb_weakness": "stable"}),
    ("RF_AAA", "E", {"age_years": 50, "faint_with_back_pain": True}, {"age_years": 49}),
    ("RF_AAA", "E", {"age_years": 50, "pulsating_abdomen": True}, {"faint_with_back_pain": False, "pulsating_abdomen": False}),
    ("RF_OPIOID", "M", {"med_daily_sedating": True}, {"med_daily_sedating": False}),
    ("RF_SUI_1", "S", {ITEM_9: 1}, {ITEM_9: 0}),
    ("RF_SUI_2", "E", {ITEM_9: 2}, {ITEM_9: 1, "self_harm_free_text": False}),
    ("RF_SUI_2", "E", {"self_harm_free_text": True}, {ITEM_9: 0, "self_harm_free_text": False}),
]  # fmt: skip


@pytest.mark.parametrize(("flag", "action", "answers", "calm"), FIRING)
@pytest.mark.capability("C3")
def test_flag_fires_is_false_and_is_unknown(
    flag: str, action: str | None, answers: dict[str, Any], calm: dict[str, Any]
) -> None:
    fired = decide(answers)
    assert flag in flags(fired)
    assert next(one["action"] for one in fired.red_flags if one["id"] == flag) == action
    quiet = decide({**answers, **calm})
    assert flag not in flags(quiet) | unknown(quiet)
    empty = decide({})
    assert flag in unknown(empty)
    assert flag not in flags(empty)
    missing = decide(dict(list(answers.items())[:-1]))
    assert flag not in flags(missing)
    assert flag in unknown(missing)


def test_every_flag_of_the_document_is_tested() -> None:
    assert {name for name, *_ in FIRING} == {flag["id"] for flag in shipped_document()["red_flags"]}


@pytest.mark.parametrize(("flag", "action", "answers", "calm"), FIRING)
def test_the_cheap_check_of_a_saved_page_agrees(
    flag: str, action: str | None, answers: dict[str, Any], calm: dict[str, Any]
) -> None:
    protocol = shipped_protocol()
    for given in (answers, {**answers, **calm}):
        typed, _ = protocol.check_answers(given)
        cheap = [one.id for one in fired_flags(protocol, typed)]
        assert cheap == [one["id"] for one in evaluate(protocol, typed).red_flags]
    assert action in {one.action for one in fired_flags(protocol, protocol.check_answers(answers)[0])}


@pytest.mark.parametrize("complaint", [["head"], ["neck"], ["low_back"], ["arm"], ["face"], []])
@pytest.mark.capability("C3")
def test_flags_do_not_depend_on_the_complaint(complaint: list[str]) -> None:
    for answers in (
        {"saddle_numbness": True},
        {"thunderclap": True},
        MYELOPATHY,
        {**UNLIKE, "horner_signs": True},
    ):
        assert flags(decide({"regions": complaint, **answers})) >= flags(decide(answers))


@pytest.mark.parametrize(
    "answers",
    [
        {"saddle_numbness": True},
        MYELOPATHY,
        {"trauma_high_energy": True},
        {"regions": SPINE, "fever": True},
        {"weight_loss": True},
        {**UNLIKE, "face_numb": True},
    ],
)
def test_manual_therapy_is_blocked(answers: dict[str, Any]) -> None:
    assert decide(answers).blocks == ("manual_therapy",)


def test_a_skipped_bladder_question_is_unknown_and_asked() -> None:
    answered = {
        "saddle_numbness": False,
        "both_legs_weak": False,
        "sexual_dysfunction_new": False,
        "radicular_bilateral_new": False,
    }
    decision = decide({"regions": SPINE, "age_years": 40, **answered})
    question = next(one for one in decision.unknown if one["id"] == "RF_CES")
    assert question["variables"] == ("bladder_bowel_change",)
    assert decision.route == "physical_therapy"
    assert decision.evidence["red_flags"]["RF_CES"]["result"] == "unknown"
    assert "RF_CES" not in unknown(decide({"regions": SPINE, **answered, "bladder_bowel_change": False}))


def test_item_nine_shows_the_lifelines_and_is_never_closed_by_itself() -> None:
    fired = {one["id"]: one for one in decide({ITEM_9: 2}).red_flags}
    assert fired["RF_SUI_1"]["show"] == fired["RF_SUI_2"]["show"] == ["988", "911"]
    assert fired["RF_SUI_2"]["ack_minutes"] == 15
    assert fired["RF_SUI_2"]["never_auto_close"] is True


def test_unsigned_is_visible_on_every_flag_and_rule_that_fires() -> None:
    decision = decide({"regions": ["neck"], "fever": True})
    for one in (*decision.red_flags, *decision.rules):
        assert one["signed_by"] is None
        assert one["status"] in {"seen", "from_memory", "design"}
        assert one["source"]


@pytest.mark.capability("C5")
def test_nothing_the_protocol_says_advises_to_stop_a_sedating_drug() -> None:
    decision = decide({"med_daily_sedating": True, "age_years": 40, "regions": ["neck"]})
    assert flags(decision) == {"RF_OPIOID"}
    texts = [str(one) for one in _texts(decision.summary())] + [
        str(one) for one in _texts(shipped_document())
    ]
    for word in ("stop taking", "stop using", "discontinue", "deje de tomar", "suspenda"):
        assert not [text for text in texts if word in text.lower()]


def _texts(part: Any) -> list[str]:
    if isinstance(part, dict):
        return [text for one in part.values() for text in _texts(one)]
    if isinstance(part, list | tuple):
        return [text for one in part for text in _texts(one)]
    return [part] if isinstance(part, str) else []

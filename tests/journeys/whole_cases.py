"""Fifty-five invented people, whole: what each answers, and where the clinic's rules must bring them.

Written from the clinical reference (its criteria, red flags and routing), not from what the evaluator says.
"""

from dataclasses import dataclass
from typing import Any

Answers = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """`holds` are the red flags that bar booking; `safety` is what the patient is told at once."""

    name: str
    born: str
    answers: Answers
    route: str
    priority: str
    flags: frozenset[str] = frozenset()
    holds: frozenset[str] = frozenset()
    secondary: frozenset[str] = frozenset()

    @property
    def safety(self) -> str | None:
        return {"emergency": "emergency", "same_day_clinician": "same_day"}.get(self.route)


ADULT = "1986-05-20"
SENIOR = "1954-02-11"
TEENAGER = "2011-08-30"
MIGRAINE: Answers = {
    "regions": ["head"],
    "hx_attacks_lifetime": 30,
    "hx_duration_min": 720,
    "hx_laterality": "left",
    "hx_quality": ["pulsating"],
    "hx_severity": "severe",
    "hx_worse_activity": True,
    "hx_nausea": "moderate",
    "hx_vomiting": False,
    "hx_photophobia": True,
    "hx_phonophobia": True,
    "hx_days_per_month": 2,
    "hx_impairment": "none",
}
# Four attacks so far: one short of five, and all else fits.
PROBABLE_MIGRAINE: Answers = MIGRAINE | {"hx_attacks_lifetime": 4}
TENSION: Answers = {
    "regions": ["head"],
    "hx_attacks_lifetime": 50,
    "hx_days_per_month": 6,
    "hx_pattern_months": 18,
    "hx_duration_min": 240,
    "hx_laterality": "bilateral",
    "hx_quality": ["pressing"],
    "hx_severity": "mild",
    "hx_worse_activity": False,
    "hx_nausea": "none",
    "hx_vomiting": False,
    "hx_photophobia": False,
    "hx_phonophobia": False,
}
CLUSTER: Answers = {
    "regions": ["head"],
    "hx_attacks_lifetime": 40,
    "hx_severity": "very_severe",
    "hx_laterality": "right",
    "hx_pain_orbital_temporal": True,
    "hx_duration_min": 60,
    "hx_attacks_per_day": 2,
    "autonomic_ipsilateral": ["red_eye_or_tearing"],
    "restless": True,
}
NECK_HEADACHE: Answers = {
    "regions": ["head", "neck"],
    "hx_side_locked": True,
    "neck_provokes_headache": True,
    "neck_symptoms_precede": True,
}
CHRONIC: Answers = MIGRAINE | {
    "hx_days_per_month": 20,
    "hx_migraine_days_per_month": 12,
    "hx_pattern_months": 24,
    "migraine_attacks_lifetime": 200,
    "hx_daily_from_first_24h": False,
}
OVERUSE: Answers = {"hx_days_per_month": 20, "pre_existing_headache": True, "med_months": 8}
BACK: Answers = {"regions": ["low_back"], "pain_weeks": 9}
LEG_NERVE: Answers = {"regions": ["low_back", "leg"], "radicular_leg": True}
FAILED_CARE: Answers = {"conservative_weeks": 8, "conservative_failed": True, "imaging_concordant": True}

EMERGENCY = "emergency"
SAME_DAY = "same_day_clinician"
SURGEON = "surgical_consult"
MEDICATION = "medication_review"
THERAPY = "physical_therapy"
STAFF = "staff_triage"


def _set(*names: str) -> frozenset[str]:
    return frozenset(names)


def _emergency(name: str, born: str, answers: Answers, *flags: str, secondary: tuple[str, ...] = ()) -> Case:
    return Case(name, born, answers, EMERGENCY, "P0", _set(*flags), _set(*flags), _set(*secondary))


def _same_day(name: str, born: str, answers: Answers, *flags: str, secondary: tuple[str, ...] = ()) -> Case:
    return Case(name, born, answers, SAME_DAY, "P1", _set(*flags), _set(*flags), _set(*secondary))


CASES: tuple[Case, ...] = (
    # Physical therapy.
    Case("neck pain", ADULT, {"regions": ["neck"], "pain_weeks": 5}, THERAPY, "P5"),
    Case("low back pain", ADULT, BACK, THERAPY, "P5"),
    Case("mid-back pain", ADULT, {"regions": ["mid_back"]}, THERAPY, "P5"),
    Case("upper back and leg", ADULT, {"regions": ["upper_back", "leg"]}, THERAPY, "P5"),
    Case("headache from the neck", ADULT, NECK_HEADACHE, THERAPY, "P4"),
    Case("arm nerve pain, three weeks", ADULT, {"regions": ["neck", "arm"], "radicular_arm": True, "pain_weeks": 3}, THERAPY, "P4"),
    Case("leg nerve pain, two weeks", ADULT, LEG_NERVE | {"pain_weeks": 2}, THERAPY, "P4"),
    Case("tension headache with neck pain", ADULT, TENSION | {"regions": ["head", "neck"]}, THERAPY, "P5"),
    Case("neck pain with headaches for two months", ADULT, {"regions": ["neck"], "hx_onset_months": 2}, THERAPY, "P4", _set("SN06N")),
    # Medication review.
    Case("migraine, two days a month", ADULT, MIGRAINE, MEDICATION, "P5"),
    Case("migraine, six days a month", ADULT, MIGRAINE | {"hx_days_per_month": 6}, MEDICATION, "P4"),
    Case("migraine, four days that cost work", ADULT, MIGRAINE | {"hx_days_per_month": 4, "hx_impairment": "some"}, MEDICATION, "P4"),
    Case("four attacks of migraine so far", ADULT, PROBABLE_MIGRAINE, MEDICATION, "P5"),
    Case("chronic migraine", ADULT, CHRONIC, MEDICATION, "P4"),
    Case("chronic migraine and triptans on 12 days", ADULT, CHRONIC | OVERUSE | {"med_days_triptan": 12, "med_days_any_acute": 12}, MEDICATION, "P4", _set("SN15")),
    Case("opioids on 12 days a month", ADULT, {"regions": ["head"]} | OVERUSE | {"med_days_opioid": 12, "med_days_any_acute": 12}, MEDICATION, "P3", _set("SN15")),
    Case("pain relievers on 15 days a month", ADULT, {"regions": ["head"]} | OVERUSE | {"med_days_non_opioid": 15, "med_days_any_acute": 15}, MEDICATION, "P4", _set("SN15")),
    Case("pain relievers on 8 days a month", ADULT, {"regions": ["head"], "med_days_any_acute": 8}, MEDICATION, "P5"),
    Case("cluster headache, third bout", ADULT, CLUSTER | {"hx_bouts_count": 3, "hx_bout_days": 40, "hx_remission_months": 6}, MEDICATION, "P3"),
    Case("cluster headache, first bout", ADULT, CLUSTER | {"hx_bouts_count": 1}, MEDICATION, "P2"),
    Case("tension headache alone", ADULT, TENSION, MEDICATION, "P5"),
    Case("a migraine of four days", ADULT, MIGRAINE | {"hx_duration_min": 5760, "migraine_attacks_lifetime": 30}, MEDICATION, "P1"),
    Case("vomits every tablet", ADULT, {"regions": ["head"], "vomits_oral_drugs": True}, MEDICATION, "P1"),
    Case("asks for an injection", ADULT, {"regions": ["arm"], "requests_drug_or_injection": True}, MEDICATION, "P5"),
    # Surgical consult.
    Case("leg nerve pain after eight weeks of care", ADULT, LEG_NERVE | FAILED_CARE | {"pain_weeks": 12}, SURGEON, "P4", secondary=_set(THERAPY)),
    Case("legs give way, leaning helps", SENIOR, {"regions": ["low_back"], "walking_limited_leaning_helps": True, "imaging_stenosis": True, "conservative_weeks": 8}, SURGEON, "P4", secondary=_set(THERAPY)),
    Case("known instability", ADULT, BACK | {"known_instability_or_lesion": True}, SURGEON, "P3", secondary=_set(THERAPY)),
    Case("worse after an old operation", ADULT, BACK | {"prior_spine_surgery": True, "symptoms_new_or_progressive": True}, SURGEON, "P3", secondary=_set(THERAPY)),
    Case("clumsy, numb hands, unchanged", ADULT, {"regions": ["arm"], "hand_clumsy": True, "hand_numb": True, "symptoms_new_or_progressive": False}, SURGEON, "P3", _set("RF_MYELO")),
    # Conflicts of routes.
    Case("neck headache and probable migraine", ADULT, PROBABLE_MIGRAINE | NECK_HEADACHE, THERAPY, "P4", secondary=_set(MEDICATION)),
    Case("neck headache and migraine", ADULT, MIGRAINE | NECK_HEADACHE, MEDICATION, "P4", secondary=_set(THERAPY)),
    Case("neck headache and triptans on 12 days", ADULT, NECK_HEADACHE | OVERUSE | {"med_days_triptan": 12, "med_days_any_acute": 12}, MEDICATION, "P4", _set("SN15"), secondary=_set(THERAPY)),
    # Staff triage.
    Case("hardly any answer", ADULT, {"regions": ["head"], "hx_severity": "moderate"}, STAFF, "P5"),
    Case("skipped the bladder questions", ADULT, BACK | {"both_legs_weak": False}, THERAPY, "P5"),
    Case("elbow pain", ADULT, {"regions": ["other_msk"]}, STAFF, "P5"),
    Case("fifteen years old, neck pain", TEENAGER, {"regions": ["neck"]}, STAFF, "P5", secondary=_set(THERAPY)),
    Case("stiff back that wakes at night", ADULT, BACK | {"inflammatory_back_features": True}, STAFF, "P5", _set("RF_SPA"), secondary=_set(THERAPY)),
    # An urgent flag takes physical therapy off.
    Case("neck pain and weight loss", ADULT, {"regions": ["neck"], "weight_loss": True}, STAFF, "P3", _set("SN01U", "RF_MALIG"), secondary=_set(THERAPY)),
    Case("neck headache that changed its pattern", ADULT, NECK_HEADACHE | {"pattern_change": True}, STAFF, "P3", _set("SN06"), secondary=_set(THERAPY)),
    Case("new headache at 72, neck pain", SENIOR, {"regions": ["head", "neck"], "headache_new": True}, STAFF, "P3", _set("SN05"), secondary=_set(THERAPY)),
    Case("neck pain a month after a fall", ADULT, {"regions": ["neck"], "head_neck_trauma_days": 30}, STAFF, "P3", _set("SN13U"), secondary=_set(THERAPY)),
    # Same day.
    _same_day("new weakness in an arm", ADULT, {"regions": ["arm"], "limb_weakness": "new_or_worse"}, "RF_MOTOR", secondary=(SURGEON,)),
    _same_day("headache worse every day", ADULT, {"regions": ["head"], "worsening_daily": True}, "SN06S"),
    _same_day("back pain after cancer", ADULT, BACK | {"cancer_history": True}, "SN02", secondary=(THERAPY,)),
    _same_day("new headache in pregnancy", "1996-01-09", {"regions": ["head"], "pregnancy_status": "pregnant", "headache_new": True}, "SN11S"),
    _same_day("thoughts of self-harm on some days", ADULT, {"regions": ["neck"], "phq9_item9": 1}, "RF_SUI_1", secondary=(THERAPY,)),
    # Emergencies: the questionnaire stops.
    _emergency("thunderclap headache", ADULT, {"regions": ["head"], "thunderclap": True}, "SN04"),
    _emergency("cauda equina", ADULT, BACK | {"saddle_numbness": True}, "RF_CES", secondary=(THERAPY,)),
    _emergency("fever and stiff neck at fifteen", TEENAGER, {"regions": ["head"], "fever": True, "neck_stiffness": True}, "SN01E", "SN01S"),
    _emergency("one side of the face droops", SENIOR, {"regions": ["head"], "face_droop": True}, "SN03"),
    _emergency("a household with headaches", ADULT, {"regions": ["head"], "household_headache": True}, "CO01"),
    _emergency("first sudden headache in exercise", ADULT, {"regions": ["head"], "exertion_sudden_first": True}, "SN08E"),
    _emergency("painful red eye with haloes", ADULT, {"regions": ["head"], "eye_pain_red": True, "vision_blur_halo": True}, "SN12"),
    _emergency("a pulsing belly and back pain at 72", SENIOR, BACK | {"pulsating_abdomen": True}, "RF_AAA", secondary=(THERAPY,)),
    _emergency("self-harm on most days", ADULT, {"regions": ["neck"], "phq9_item9": 2}, "RF_SUI_1", "RF_SUI_2", secondary=(THERAPY,)),
)  # fmt: skip

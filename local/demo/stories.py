"""What the invented patients answer. Each story is a set of answers in the protocol's variables, written here."""

from typing import Any

Answers = dict[str, Any]

_CALM_HEAD: Answers = {
    "regions": ["head"],
    "thunderclap": False,
    "fever": False,
    "neck_stiffness": False,
    "confusion": False,
    "seizure": False,
    "loc": False,
    "face_droop": False,
    "limb_weakness_sudden": False,
    "speech_trouble_new": False,
    "double_vision_new": False,
    "cancer_history": False,
    "immunosuppressed": False,
    "worsening_daily": False,
    "pattern_change": False,
    "headache_new": False,
    "bladder_bowel_change": False,
    "saddle_numbness": False,
    "both_legs_weak": False,
    "pregnancy_status": "not_applicable",
    "hx_onset_months": 40,
}
_CALM_SPINE: Answers = {
    "bladder_bowel_change": False,
    "saddle_numbness": False,
    "both_legs_weak": False,
    "sexual_dysfunction_new": False,
    "radicular_bilateral_new": False,
    "fever": False,
    "chills": False,
    "weight_loss": False,
    "night_pain_unremitting": False,
    "cancer_history": False,
    "trauma_high_energy": False,
    "trauma_low_energy": False,
    "limb_weakness": "none",
    "gait_change": False,
    "hand_clumsy": False,
}
_MIGRAINE: Answers = {
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
    "hx_location": ["temple", "behind_eye"],
    "hx_pattern_months": 24,
    "triggers": ["stress", "irregular_sleep"],
}

STORIES: dict[str, Answers] = {
    "cervicogenic": _CALM_HEAD
    | {
        "regions": ["head", "neck"],
        "hx_side_locked": True,
        "hx_laterality": "right",
        "hx_location": ["occiput_neck", "forehead"],
        "hx_quality": ["aching"],
        "hx_severity": "moderate",
        "hx_nausea": "none",
        "hx_vomiting": False,
        "hx_photophobia": False,
        "hx_phonophobia": False,
        "hx_worse_activity": False,
        "hx_attacks_lifetime": 60,
        "hx_duration_min": 600,
        "hx_days_per_month": 9,
        "neck_provokes_headache": True,
        "neck_posture_provokes": True,
        "neck_symptoms_precede": True,
        "neck_cause": ["poor_posture"],
        "nprs_now": 5,
    },
    "migraine": _CALM_HEAD | _MIGRAINE | {"hx_days_per_month": 5, "hx_impairment": "some", "nprs_now": 4},
    "chronic_migraine_overuse": _CALM_HEAD
    | _MIGRAINE
    | {
        "hx_days_per_month": 20,
        "hx_migraine_days_per_month": 12,
        "migraine_attacks_lifetime": 200,
        "pre_existing_headache": True,
        "hx_daily_from_first_24h": False,
        "med_days_triptan": 12,
        "med_months": 8,
        "med_days_any_acute": 14,
        "nprs_now": 6,
    },
    "tension": _CALM_HEAD
    | {
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
        "nprs_now": 3,
    },
    "cluster": _CALM_HEAD
    | {
        "hx_attacks_lifetime": 40,
        "hx_severity": "very_severe",
        "hx_laterality": "left",
        "hx_pain_orbital_temporal": True,
        "hx_duration_min": 60,
        "hx_attacks_per_day": 2,
        "autonomic_ipsilateral": ["red_eye_or_tearing"],
        "restless": True,
        "hx_bouts_count": 3,
        "hx_bout_days": 40,
        "hx_remission_months": 6,
        "nprs_now": 7,
    },
    "neck_pain": _CALM_SPINE
    | {"regions": ["neck"], "pain_weeks": 5, "nprs_now": 4, "neck_cause": ["sleep_no_support"]},
    "low_back": _CALM_SPINE | {"regions": ["low_back"], "pain_weeks": 9, "nprs_now": 5},
    "sciatica_early": _CALM_SPINE
    | {"regions": ["low_back", "leg"], "radicular_leg": True, "pain_weeks": 3, "nprs_now": 6},
    "old_surgery_worse": _CALM_SPINE
    | {
        "regions": ["low_back"],
        "prior_spine_surgery": True,
        "symptoms_new_or_progressive": True,
        "pain_weeks": 30,
    },
    "clumsy_hands": _CALM_SPINE
    | {"regions": ["neck"], "hand_clumsy": True, "gait_change": True, "symptoms_new_or_progressive": False},
    "new_headache_at_70": _CALM_HEAD
    | {"regions": ["head", "neck"], "headache_new": True, "hx_onset_months": 4},
    "worsening_daily": _CALM_HEAD | {"worsening_daily": True, "hx_severity": "severe", "nprs_now": 7},
    "few_answers": {"regions": ["head"], "hx_severity": "moderate"},
    "skipped_bladder_question": {
        name: value
        for name, value in _CALM_SPINE.items()
        if name not in ("bladder_bowel_change", "saddle_numbness")
    }
    | {"regions": ["low_back"], "pain_weeks": 6},
    "cauda_equina": _CALM_SPINE
    | {"regions": ["low_back"], "bladder_bowel_change": True, "saddle_numbness": True},
    "thunderclap": _CALM_HEAD | {"thunderclap": True, "hx_severity": "very_severe"},
}

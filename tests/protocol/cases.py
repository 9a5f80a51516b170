"""Answers the protocol tests share: whole headaches, each one criterion away from nothing."""

from __future__ import annotations

from typing import Any

from kernel.contracts.protocol import shipped_protocol
from kernel.evidence import Decision, evaluate

ADULT: dict[str, Any] = {"age_years": 34}

MIGRAINE: dict[str, Any] = {
    **ADULT,
    "hx_attacks_lifetime": 20,
    "hx_duration_min": 600,
    "hx_laterality": "left",
    "hx_quality": ["pulsating"],
    "hx_severity": "severe",
    "hx_worse_activity": True,
    "hx_nausea": "moderate",
    "hx_vomiting": False,
    "hx_photophobia": True,
    "hx_phonophobia": True,
}
AURA: dict[str, Any] = {
    **ADULT,
    "aura_attacks_lifetime": 3,
    "aura_symptoms": ["visual"],
    "aura_reversible": True,
    "aura_gradual_5min": True,
    "aura_succession": False,
    "aura_symptom_min": 20,
    "aura_unilateral": False,
    "aura_positive": True,
    "aura_headache_60min": False,
    "aura_first_or_ongoing": False,
}
TENSION: dict[str, Any] = {
    **ADULT,
    "hx_attacks_lifetime": 30,
    "hx_days_per_month": 6,
    "hx_pattern_months": 8,
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
CLUSTER: dict[str, Any] = {
    **ADULT,
    "hx_attacks_lifetime": 12,
    "hx_severity": "very_severe",
    "hx_laterality": "right",
    "hx_pain_orbital_temporal": True,
    "hx_duration_min": 60,
    "autonomic_ipsilateral": ["red_eye_or_tearing"],
    "restless": True,
    "hx_attacks_per_day": 2,
    "hx_nausea": "none",
    "hx_vomiting": False,
    "hx_photophobia": False,
    "hx_phonophobia": False,
}
CHRONIC_MIGRAINE: dict[str, Any] = {
    **MIGRAINE,
    "hx_days_per_month": 18,
    "hx_migraine_days_per_month": 10,
    "hx_pattern_months": 6,
    "hx_daily_from_first_24h": False,
}
OVERUSE: dict[str, Any] = {
    **ADULT,
    "hx_days_per_month": 20,
    "pre_existing_headache": True,
    "med_months": 4,
}
NECK_HEADACHE: dict[str, Any] = {
    **ADULT,
    "regions": ["head", "neck"],
    "neck_provokes_headache": True,
    "neck_symptoms_precede": True,
}


def decide(answers: dict[str, Any]) -> Decision:
    """The decision of the shipped protocol for answers as they come over the wire."""
    protocol = shipped_protocol()
    typed, errors = protocol.check_answers(answers)
    assert errors == []
    return evaluate(protocol, typed)


def found(decision: Decision) -> dict[str, str]:
    """Diagnoses of a decision by id."""
    return {str(one["id"]): str(one["certainty"]) for one in decision.diagnoses}


def flags(decision: Decision) -> set[str]:
    return {str(one["id"]) for one in decision.red_flags}


def rules(decision: Decision) -> set[str]:
    return {str(one["id"]) for one in decision.rules}


def unknown(decision: Decision) -> set[str]:
    return {str(one["id"]) for one in decision.unknown}

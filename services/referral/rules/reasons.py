"""Coded reasons. A deed that needs one takes a code from its list; free text goes beside it, never instead."""

REDIRECT_REASONS = (
    "other_route_fits_better",
    "new_information_by_phone",
    "patient_prefers",
    "contraindication",
    "rule_too_sensitive",
    "rule_not_sensitive_enough",
    "more_urgent_than_rule",
    "less_urgent_than_rule",
    "capacity",
)
DECLINE_REASONS = (
    "outside_our_scope",
    "needs_emergency_care",
    "under_care_elsewhere",
    "insufficient_information",
    "duplicate",
    "insurance_not_accepted",
)
WITHDRAW_REASONS = ("patient_withdrew", "duplicate", "entered_in_error", "no_answer_from_patient")
HAND_OVER_REASONS = ("sent_to_emergency", "seen_same_day_by_clinician", "transferred_elsewhere")
CLEAR_HOLD_REASONS = (
    "assessed_by_clinician",
    "answered_by_mistake",
    "known_and_stable",
    "sent_to_emergency_and_back",
)
REOPEN_REASONS = ("new_information", "declined_in_error", "patient_asks_again")
RETIRE_REASONS = ("practice_changed", "expected_wrongly", "covered_by_another", "entered_in_error")
CLOSE_OUTCOMES = (
    "improved",
    "not_improved",
    "completed_plan",
    "continues_here",
    "discharged_to_own_clinician",
    "referred_on",
)

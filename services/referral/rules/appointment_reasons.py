"""Coded reasons for changing a visit, and whom each is counted for."""

CANCEL_REASONS: dict[str, str] = {
    "patient_request": "patient",
    "patient_cannot_come": "patient",
    "patient_unwell": "patient",
    "referral_withdrawn": "patient",
    "provider_absent": "clinic",
    "site_closed": "clinic",
    "booked_in_error": "staff",
    "needs_clinician_first": "staff",
}
OUTCOMES = ("attended", "no_show")

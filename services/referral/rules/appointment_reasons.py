"""Coded reasons for ending a visit, each with whom it is counted for; and what may become of one."""

CANCEL_REASONS: dict[str, str] = {
    "patient_cannot_come": "patient",
    "patient_declined": "patient",
    "patient_unwell": "patient",
    "provider_unavailable": "clinic",
    "site_closed": "clinic",
    "needs_clinician_first": "staff",
    "booked_in_error": "staff",
}
# Nobody can be seen in a slot that was given up for these reasons, so it is not offered on.
CLINIC_AWAY = ("provider_unavailable", "site_closed")
OUTCOMES = ("attended", "no_show")

"""What patients are told a visit is called: neutral words, since a text or a mail may be read by someone else."""

# Code -> words per language. None names a specialty, a route or a body part (clinical tables, `sms_never_contains`).
PATIENT_NAMES = {
    "first_visit": {"en": "first visit", "es": "primera visita"},
    "follow_up": {"en": "follow-up visit", "es": "visita de seguimiento"},
    "visit": {"en": "visit", "es": "visita"},
    "phone_visit": {"en": "phone visit", "es": "visita por teléfono"},
    "group_visit": {"en": "group visit", "es": "visita en grupo"},
}


def code_of_name(words: dict[str, str]) -> str:
    """Return the code of words a visit type carries, or "" for words of another time."""
    return next((code for code, known in PATIENT_NAMES.items() if known == words), "")

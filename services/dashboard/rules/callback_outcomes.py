"""What can come of a red-flag call."""

OUTCOMES = (
    ("sent_to_emergency", "Sent to emergency care"),
    ("seen_same_day", "Seen by a clinician the same day"),
    ("advice_given", "Assessed by phone, advice given"),
    ("visit_arranged", "Visit arranged"),
    ("reached_elsewhere_cared_for", "Reached, already cared for elsewhere"),
    ("not_reached_letter_sent", "Not reached; letter sent"),
    ("entered_by_mistake", "Entered by mistake"),
)

"""Replies in words: what the parser took them to mean, why they wait, and what staff can say came of them."""

MEANINGS = {
    "confirm": "Confirms",
    "cannot_come": "Cannot come",
    "reschedule": "Wants another time",
    "stop": "Stop texting",
    "start": "Start texting again",
    "help": "Asks for help",
    "unclear": "Not understood",
}
OUTCOMES = (
    ("answered_by_phone", "Answered by phone"),
    ("visit_confirmed", "Visit confirmed"),
    ("visit_moved", "Visit moved"),
    ("visit_cancelled", "Visit cancelled"),
    ("passed_to_clinician", "Passed to a clinician"),
    ("no_action_needed", "Nothing to do"),
)

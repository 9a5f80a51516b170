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
CALL_KINDS = {
    "call_patient": "Call the patient",
    "number_dead": "Number does not reach",
    "link_locked": "Link locked: wrong birth dates",
    "unknown_send": "Not known whether sent",
    "visit_question": "Question about a visit",
}
CALL_OUTCOMES = (
    ("reached", "Spoke with the patient"),
    ("message_left", "Left a message"),
    ("not_reached", "Not reached"),
    ("number_corrected", "Number corrected"),
    ("no_action_needed", "Nothing to do"),
)

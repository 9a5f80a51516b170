"""Replies in words: what the parser took them to mean, why they wait, and what staff can say came of them."""

MEANINGS = {
    "confirm": "Confirms",
    "cannot_come": "Cannot come",
    "reschedule": "Wants another time",
    "help": "Asks for help",
    "inbox": "Not understood",
    "opt_out": "Stop texting",
    "opt_in": "Start texting again",
}
# One click each: the clinic's own words in the patient's language (the page Texts shows and edits them).
QUICK_TEXTS = (
    ("quick_we_call", "We will call you"),
    ("quick_call_us", "Please call us"),
    ("quick_bring_someone", "You may bring someone"),
    ("quick_late_is_fine", "Late is fine"),
)
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
    "send_gave_up": "A message could not be sent",
    "sending_paused": "Sending is paused: see Message health",
    "unknown_send": "Not known whether sent",
    "event_dead": "Not passed on: see Message health",
    "forged_reports": "Forged delivery reports: tell the person who runs the system",
    "visit_question": "Question about a visit",
}
TOPICS = (
    ("visit", "Their visits: bookings, reminders, changes"),
    ("follow_up", "How things are after a visit"),
    ("outreach", "A visit they missed"),
    ("waitlist", "Earlier times that become free"),
)
WAYS = {"by_phone": "By phone", "in_person": "In person", "in_writing": "In writing or by e-mail"}
# Why nobody saw the end of a send. A provider's own code is shown as it is.
DOUBT_CAUSES = {
    "worker_lost": "the sending process ended meanwhile",
    "timeout": "no answer in time",
    "reset": "the connection broke",
    "no_answer": "no answer",
    "lookup_lost_often": "asking the provider ended the process three times: asked seldom now",
    "restored": "the data were restored from a copy, and it may have gone out before",
}
CALL_OUTCOMES = (
    ("reached", "Spoke with the patient"),
    ("message_left", "Left a message"),
    ("not_reached", "Not reached"),
    ("number_corrected", "Number corrected"),
    ("no_action_needed", "Nothing to do"),
)

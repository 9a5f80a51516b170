"""The one wording, colour and icon of every status staff see. Colour never stands alone."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Status:
    """`tone`: red, amber, green, blue or grey (red only for a breach or a red flag); `icon`: a USWDS sprite name."""

    words: str
    tone: str
    icon: str


ROUTES = {
    "emergency": Status("Emergency", "red", "error"),
    "same_day_clinician": Status("Same-day clinician", "amber", "schedule"),
    "surgical_consult": Status("Surgical consult", "blue", "local_hospital"),
    "medication_review": Status("Medication review", "blue", "medical_services"),
    "physical_therapy": Status("Physical therapy", "green", "directions_walk"),
    "staff_triage": Status("Staff triage", "grey", "people"),
}

REFERRAL_STATES = {
    "received": Status("Received", "grey", "mail"),
    "needs_triage": Status("Needs triage", "amber", "priority_high"),
    "waiting_on_patient": Status("Waiting on patient", "grey", "hourglass_empty"),
    "deferred": Status("Deferred", "grey", "calendar_today"),
    "accepted": Status("Accepted", "blue", "check"),
    "to_book": Status("To book", "blue", "add_circle_outline"),
    "booked": Status("Booked", "green", "event"),
    "arrived": Status("Arrived", "green", "location_on"),
    "attended": Status("Attended, outcome due", "amber", "list"),
    "closed": Status("Closed", "grey", "check_circle"),
    "handed_over": Status("Handed over", "grey", "logout"),
    "declined": Status("Declined", "grey", "do_not_disturb"),
    "withdrawn": Status("Withdrawn", "grey", "cancel"),
}

VISIT_STATES = {
    "booked": Status("Not confirmed", "amber", "help_outline"),
    "confirmed": Status("Confirmed", "green", "check_circle"),
    "arrived": Status("Here", "blue", "location_on"),
    "attended": Status("Attended", "green", "check_circle"),
    "no_show": Status("Missed", "grey", "do_not_disturb"),
    "cancelled": Status("Cancelled", "grey", "cancel"),
}

MESSAGE_STATES = {
    "planned": Status("Planned", "grey", "schedule"),
    "due": Status("Due", "blue", "schedule"),
    "sending": Status("Sending", "blue", "send"),
    "sent": Status("Sent", "blue", "send"),
    "delivered": Status("Delivered", "green", "check_circle"),
    "failed": Status("Failed", "amber", "error_outline"),
    "undelivered": Status("Not delivered", "amber", "error_outline"),
    "unknown": Status("Not known yet", "amber", "help_outline"),
    "never_known": Status("Never known", "grey", "help_outline"),
    "suppressed": Status("Not sent", "grey", "notifications_off"),
    "withdrawn": Status("Withdrawn", "grey", "notifications_off"),
    "expired": Status("Too late, not sent", "grey", "timer"),
    "held": Status("Held for staff", "amber", "lock_outline"),
    "dead": Status("Gave up", "amber", "error_outline"),
}

FLAG_ACTIONS = {
    "E": Status("Emergency", "red", "warning"),
    "S": Status("Same day", "red", "warning"),
    "U": Status("Urgent", "amber", "flag"),
    "M": Status("Marker", "grey", "flag"),
}

PRIORITIES = {
    "P0": Status("P0 now", "red", "warning"),
    "P1": Status("P1 same day", "amber", "schedule"),
    "P2": Status("P2", "amber", "schedule"),
    "P3": Status("P3", "blue", "schedule"),
    "P4": Status("P4", "grey", "schedule"),
    "P5": Status("P5", "grey", "schedule"),
}

CHANNELS = {"sms": "Text", "email": "E-mail", "phone": "Phone", "staff": "Staff", "link": "Link"}
LANGUAGES = {"en": "English", "es": "Spanish"}
STEPS = {
    "confirmation": "Booking confirmation",
    "booked": "Booking confirmation",
    "moved": "Visit moved",
    "cancelled": "Visit cancelled",
    "3_days": "3-day reminder",
    "three_day": "3-day reminder",
    "1_day": "1-day reminder",
    "one_day": "1-day reminder",
    "same_day": "Same-day reminder",
    "third": "Third reminder",
    "prepare": "What to bring",
    "prepare_visit": "What to bring",
    "visit_booked": "Booking confirmation",
    "visit_moved": "Visit moved",
    "visit_reminder": "Reminder",
    "visit_cancelled": "Visit cancelled",
    "slot_offered": "Offer of a free time",
    "slot_offer_over": "Offered time is taken",
    "get_ready": "Link to the patient’s page",
    "follow_up": "How it went",
    "missed_visit": "After a missed visit",
    "one_time_code": "One-time code",
    "opt_out_confirmed": "Confirms the stop",
    "opt_in_confirmed": "Confirms the start",
    "help": "Answer to HELP",
    "reply_confirm": "Answer to C",
    "reply_reschedule": "Answer to R",
    "reply_cannot_come": "Answer to X",
    "quick_we_call": "Staff’s answer: we will call",
    "quick_call_us": "Staff’s answer: please call",
    "quick_bring_someone": "Staff’s answer: bring someone",
    "quick_late_is_fine": "Staff’s answer: late is fine",
    "staff_alert": "Alert to staff",
    "referrer_notice": "Notice to the referrer",
}

TABLES = {
    "route": ROUTES,
    "referral": REFERRAL_STATES,
    "visit": VISIT_STATES,
    "message": MESSAGE_STATES,
    "flag": FLAG_ACTIONS,
    "priority": PRIORITIES,
}


def status(table: str, code: object) -> Status:
    """Return the status for a code; a code not known here is shown as its own words, in grey."""
    found = TABLES[table].get(str(code))
    return found or Status(plain(code), "grey", "info_outline")


def plain(code: object) -> str:
    """Return a code as words: `not_improved` becomes Not improved."""
    text = str(code or "").replace("_", " ").replace("-", " ").strip()
    return text[:1].upper() + text[1:]

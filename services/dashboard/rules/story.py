"""What happened, in words: each entry of a case's timeline as one sentence and the details worth reading."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.dashboard.rules.message_words import shown_state, why
from services.dashboard.rules.words import CHANNELS, MESSAGE_STATES, REFERRAL_STATES, ROUTES, STEPS, plain

DEEDS_DONE = {
    "triage": "Put in triage",
    "accept": "Accepted",
    "make_ready": "Ready to book",
    "redirect": "Redirected",
    "ask": "Patient asked",
    "defer": "Deferred",
    "resume": "Back in triage",
    "new_answers": "New answers came in",
    "decline": "Declined",
    "withdraw": "Withdrawn",
    "hand_over": "Handed over",
    "reopen": "Reopened",
    "book": "Visit booked",
    "keep_visit": "Visit kept",
    "cancel_visit": "Visit fell through, to book again",
    "check_in": "Checked in",
    "undo_check_in": "Check-in undone",
    "attend": "Attended",
    "correct_outcome": "Outcome corrected",
    "close": "Closed",
}
OTHERS = {
    "decision_made": "Protocol proposed",
    "decision_voided": "Earlier decision void",
    "hold_opened": "Red-flag hold opened",
    "hold_cleared": "Red-flag hold cleared",
}
# What happened to a visit, by the deed that did it.
VISIT_DONE = {
    "book": "Visit booked",
    "move": "Visit moved",
    "cancel": "Visit cancelled",
    "confirm": "Visit confirmed",
    "check_in": "Patient came",
    "undo_check_in": "Check-in taken back",
    "record_outcome": "Outcome recorded",
    "correct_outcome": "Outcome corrected",
    "ask_staff_about": "Visit waits for staff",
    "note_late_reply": "Reply to an older version of the visit",
}
REASONS = {"patient_by_link": "by the patient’s link", "earlier_slot_claimed": "an earlier time claimed"}
ICONS = {
    "decision": "lightbulb",
    "move": "arrow_forward",
    "hold": "warning",
    "message": "chat",
    "appointment": "event",
}


@dataclass(frozen=True)
class Told:
    """One entry: the sentence, what stands beside it, and its icon."""

    words: str
    beside: str
    note: str
    icon: str


def told_once(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a timeline without the referral's move to booked where the visit booked in that same moment stands."""
    booked = {entry.get("at") for entry in entries if entry.get("text_code") == "appointment_book"}
    return [one for one in entries if one.get("text_code") != "move_book" or one.get("at") not in booked]


def tell(entry: dict[str, Any]) -> Told:
    """Return a timeline entry in words. Ids and numbers nobody reads stay out."""
    code, kind = str(entry.get("text_code") or ""), str(entry.get("kind") or "")
    given = entry.get("details")
    details: dict[str, Any] = given if isinstance(given, dict) else {}
    words = OTHERS.get(code, "")
    beside: list[str] = []
    if code.startswith("move_"):
        words = DEEDS_DONE.get(code.removeprefix("move_"), plain(code.removeprefix("move_")))
        to_state = REFERRAL_STATES.get(str(details.get("to")))
        if to_state and to_state.words.casefold() not in words.casefold():
            beside.append(f"now {to_state.words.lower()}")
    elif code.startswith("message_"):
        step, channel = str(details.get("step")), str(details.get("channel"))
        name = STEPS.get(step, plain(step))
        state = MESSAGE_STATES.get(shown_state(details))
        words = f"{name} by {CHANNELS.get(channel, plain(channel)).lower()}: "
        words += state.words.lower() if state else plain(details.get("state")).lower()
    elif code.startswith("appointment_"):
        done = code.removeprefix("appointment_")
        words = VISIT_DONE.get(done, f"Visit {plain(done).lower()}")
    words = words or plain(code) or plain(kind)
    if code in {"decision_made", "move_redirect"}:
        route = ROUTES.get(str(details.get("route")))
        if route:
            beside.append(f"{route.words.lower()} {details.get('priority') or ''}".strip())
    if details.get("cause") not in (None, "", "intake"):
        beside.append(plain(details["cause"]).lower())
    if code == "decision_made" and details.get("protocol"):
        beside.append(f"protocol {details['protocol']}")
    for name in ("reason_code", "reason"):
        if details.get(name):
            known = REASONS.get(str(details[name]), plain(details[name]).lower())
            beside.append(why(details[name]) if kind == "message" else known)
    if details.get("flag_id"):
        beside.append(str(details["flag_id"]))
    return Told(
        words, ", ".join(dict.fromkeys(beside)), str(details.get("note") or ""), ICONS.get(kind, "info")
    )

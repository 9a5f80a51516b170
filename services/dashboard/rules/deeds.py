"""What staff may do on a case: one table for the buttons, their forms, their keys and the owner's addresses."""

from dataclasses import dataclass

from services.dashboard.rules.roles import CLINICAL, MANAGER, SCHEDULES


@dataclass(frozen=True)
class Deed:
    """One deed. `fields` are asked in a form before it is done; without any, its button does it at once."""

    name: str
    words: str
    done: str
    icon: str
    key: str
    fields: tuple[str, ...] = ()
    reasons: tuple[tuple[str, str], ...] = ()
    roles: frozenset[str] = CLINICAL
    explain: str = ""


REDIRECT = (
    ("other_route_fits_better", "Another route fits better"),
    ("new_information_by_phone", "New information by phone"),
    ("patient_prefers", "The patient prefers it"),
    ("contraindication", "Contraindication"),
    ("rule_too_sensitive", "The rule fires too easily"),
    ("rule_not_sensitive_enough", "The rule misses cases like this"),
    ("more_urgent_than_rule", "More urgent than the rule says"),
    ("less_urgent_than_rule", "Less urgent than the rule says"),
    ("capacity", "Capacity"),
)
DECLINE = (
    ("outside_our_scope", "Outside what we treat"),
    ("needs_emergency_care", "Needs emergency care"),
    ("under_care_elsewhere", "Under care elsewhere"),
    ("insufficient_information", "Not enough information"),
    ("duplicate", "Duplicate"),
    ("insurance_not_accepted", "Insurance not accepted"),
)
WITHDRAW = (
    ("patient_withdrew", "The patient withdrew"),
    ("duplicate", "Duplicate"),
    ("entered_in_error", "Entered in error"),
    ("no_answer_from_patient", "No answer from the patient"),
)
HAND_OVER = (
    ("sent_to_emergency", "Sent to emergency care"),
    ("seen_same_day_by_clinician", "Seen the same day by a clinician"),
    ("transferred_elsewhere", "Transferred elsewhere"),
)
CLEAR = (
    ("assessed_by_clinician", "Assessed by a clinician"),
    ("answered_by_mistake", "Answered by mistake"),
    ("known_and_stable", "Known and stable"),
    ("sent_to_emergency_and_back", "Back from emergency care"),
)
REOPEN = (
    ("new_information", "New information"),
    ("declined_in_error", "Declined in error"),
    ("patient_asks_again", "The patient asks again"),
)
CLOSE = (
    ("improved", "Improved"),
    ("not_improved", "Not improved"),
    ("completed_plan", "Plan completed"),
    ("continues_here", "Continues here"),
    ("discharged_to_own_clinician", "Back to own clinician"),
    ("referred_on", "Referred on"),
)

DEEDS: dict[str, Deed] = {
    deed.name: deed
    for deed in (
        Deed("accept", "Accept", "Accepted", "check", "a"),
        Deed(
            "redirect",
            "Redirect",
            "Redirected",
            "directions",
            "r",
            ("route", "priority", "reason_code", "note", "owner"),
            REDIRECT,
            explain="Choose another route. The reason is counted per rule, so the rule can be improved.",
        ),
        Deed(
            "ask",
            "Ask the patient",
            "Waiting on the patient",
            "forum",
            "i",
            ("note",),
            explain="The clock pauses until the patient answers.",
        ),
        Deed(
            "defer",
            "Defer",
            "Deferred",
            "calendar_today",
            "d",
            ("until", "note"),
            explain="The case comes back to this queue by itself on that day.",
        ),
        Deed(
            "decline",
            "Decline",
            "Declined",
            "do_not_disturb",
            "x",
            ("reason_code", "note", "owner"),
            DECLINE,
            explain="The patient is told that another place can help better. Whoever has it in hand sees to that.",
        ),
        Deed(
            "hand_over",
            "Hand over",
            "Handed over",
            "logout",
            "h",
            ("reason_code", "note"),
            HAND_OVER,
            explain="Care has moved: to an emergency department, or to a clinician the same day.",
        ),
        Deed("resume", "Back to triage", "Back in triage", "undo", "t"),
        Deed(
            "withdraw",
            "Withdraw",
            "Withdrawn",
            "cancel",
            "w",
            ("reason_code", "note"),
            WITHDRAW,
            roles=SCHEDULES,
        ),
        Deed("reopen", "Reopen", "Reopened", "undo", "o", ("reason_code", "note"), REOPEN),
        Deed(
            "close",
            "Close with outcome",
            "Closed",
            "check_circle",
            "c",
            ("outcome", "note"),
            CLOSE,
            roles=CLINICAL | {"therapist", MANAGER},
        ),
        Deed(
            "clear_hold",
            "Clear a red-flag hold",
            "Hold cleared",
            "verified_user",
            "l",
            ("hold", "reason_code", "note"),
            CLEAR,
            explain="Say what you found. Booking opens once every hold is cleared.",
        ),
        Deed(
            "settle_warnings",
            "Settle open warning signs",
            "Settled",
            "verified_user",
            "v",
            ("settled",),
            explain="Tick what you have asked or seen. While one stands open, the patient is asked to call and cannot"
            " choose a time by link. Staff can book at any time.",
        ),
        Deed(
            "assign",
            "Give to a colleague",
            "Given to a colleague",
            "people",
            "q",
            ("owner",),
            roles=CLINICAL | {MANAGER},
            explain="Who has the case in hand: theirs are the reminders when it is stuck.",
        ),
    )
}
# What the owner does not take without a sentence.
NEEDS_NOTE = frozenset({"ask", "redirect", "clear_hold"})


def offered(allowed: list[str], role: str) -> list[Deed]:
    """Return the deeds the owner allows now and this role may do, in the table's order."""
    names = {name.replace("-", "_") for name in allowed}
    return [deed for deed in DEEDS.values() if deed.name in names and role in deed.roles]

"""What staff may do to a visit: exactly one next action a row, the rest behind it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.dashboard.rules.roles import PROVIDER, SCHEDULES, THERAPIST
from services.dashboard.rules.times import parse_time


@dataclass(frozen=True)
class VisitDeed:
    """`path` and `body` go to the owner."""

    words: str
    path: str
    icon: str
    body: dict[str, str] = field(default_factory=dict)
    roles: frozenset[str] = SCHEDULES
    done: str = ""


RECORDS_OUTCOME = SCHEDULES | {THERAPIST, PROVIDER}
VISIT_DEEDS = {
    "check-in": VisitDeed("Check in", "check-in", "location_on", roles=RECORDS_OUTCOME, done="checked in"),
    "attended": VisitDeed(
        "Attended", "outcome", "check_circle", {"outcome": "attended"}, RECORDS_OUTCOME, done="attended"
    ),
    "no-show": VisitDeed(
        "Missed",
        "outcome",
        "do_not_disturb",
        {"outcome": "no_show"},
        RECORDS_OUTCOME,
        done="marked as missed",
    ),
    "undo-check-in": VisitDeed(
        "Undo check-in", "undo-check-in", "undo", roles=RECORDS_OUTCOME, done="check-in taken back"
    ),
    "confirm": VisitDeed(
        "Confirmed by phone", "confirm", "phone", {"channel": "phone"}, done="confirmed by phone"
    ),
    "cancel": VisitDeed(
        "Cancel", "cancel", "cancel", done="cancelled; the referral waits to be booked again"
    ),
    "came-after-all": VisitDeed(
        "Came after all",
        "correct-outcome",
        "undo",
        {"outcome": "attended"},
        RECORDS_OUTCOME,
        done="put right: came after all",
    ),
    "missed-after-all": VisitDeed(
        "Missed after all",
        "correct-outcome",
        "undo",
        {"outcome": "no_show"},
        RECORDS_OUTCOME,
        done="put right: missed",
    ),
}
NEXT_DEED = {"booked": "check-in", "confirmed": "check-in", "arrived": "attended"}
CANCEL_REASONS = (
    ("patient_cannot_come", "The patient cannot come"),
    ("patient_declined", "The patient no longer wants the visit"),
    ("patient_unwell", "The patient is unwell"),
    ("provider_unavailable", "The provider is not available"),
    ("site_closed", "The site is closed"),
    ("needs_clinician_first", "A clinician must see the case first"),
    ("booked_in_error", "Booked in error"),
)
OWNERS_NAME = {
    "attended": "outcome",
    "no-show": "outcome",
    "check-in": "check_in",
    "undo-check-in": "undo_check_in",
    "came-after-all": "correct_outcome",
    "missed-after-all": "correct_outcome",
}
# A correction names the other outcome: it is offered where that one was recorded.
CORRECTS = {"came-after-all": "no_show", "missed-after-all": "attended"}


def offered_deeds(row: dict[str, Any], role: str, now: datetime) -> list[str]:
    """Return what may be done to a visit besides its one next action, as the owner allows and the role may.

    Before its time nobody has missed a visit, and only who is here can have been seen.
    """
    starts_at = parse_time(row.get("starts_at"))
    early = starts_at is not None and now < starts_at
    allowed = row.get("allowed")
    found = []
    for name, deed in VISIT_DEEDS.items():
        if role not in deed.roles or name == NEXT_DEED.get(str(row.get("state"))):
            continue
        if early and (name == "no-show" or (name == "attended" and row.get("state") != "arrived")):
            continue
        if name in CORRECTS and CORRECTS[name] != row.get("state"):
            continue
        if allowed is None or OWNERS_NAME.get(name, name) in allowed:
            found.append(name)
    return found

"""What staff may do to a visit: exactly one next action a row, the rest behind it."""

from dataclasses import dataclass, field

from services.dashboard.rules.roles import PROVIDER, SCHEDULES, THERAPIST


@dataclass(frozen=True)
class VisitDeed:
    """`path` and `body` go to the owner."""

    words: str
    path: str
    icon: str
    body: dict[str, str] = field(default_factory=dict)
    roles: frozenset[str] = SCHEDULES


RECORDS_OUTCOME = SCHEDULES | {THERAPIST, PROVIDER}
VISIT_DEEDS = {
    "check-in": VisitDeed("Check in", "check-in", "location_on", roles=RECORDS_OUTCOME),
    "attended": VisitDeed("Attended", "outcome", "check_circle", {"outcome": "attended"}, RECORDS_OUTCOME),
    "no-show": VisitDeed("Missed", "outcome", "do_not_disturb", {"outcome": "no_show"}, RECORDS_OUTCOME),
    "undo-check-in": VisitDeed("Undo check-in", "undo-check-in", "undo", roles=RECORDS_OUTCOME),
    "confirm": VisitDeed("Confirmed by phone", "confirm", "phone", {"channel": "phone"}),
    "cancel": VisitDeed("Cancel", "cancel", "cancel"),
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

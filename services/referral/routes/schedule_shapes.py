"""Wire shapes of the schedule: slots, appointments, sites, providers, visit types."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictBool, StrictStr, StringConstraints

from services.referral.rules.appointment_reasons import CANCEL_REASONS, OUTCOMES
from services.referral.rules.closure_reasons import CLOSURE_REASONS
from services.referral.schemas import Code, In, Listed, Note, OneOf, Priority

CancelReason = Annotated[StrictStr, OneOf(tuple(CANCEL_REASONS)), Listed(tuple(CANCEL_REASONS))]
Outcome = Annotated[StrictStr, OneOf(OUTCOMES), Listed(OUTCOMES)]
ClosureReason = Annotated[StrictStr, OneOf(CLOSURE_REASONS), Listed(CLOSURE_REASONS)]
When = Annotated[
    StrictStr,
    StringConstraints(min_length=10, max_length=40),
    Field(description="RFC 3339 time; without an offset it is the site's wall clock"),
]
SearchText = Annotated[str, StringConstraints(max_length=40)]
Query = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{0,64}$")]


class SlotQuery(In):
    """What slots to look for. Either a visit type or a route (then its first visit); `from`: a date or a time."""

    visit_type: Query = ""
    route: Query = ""
    site: Query = ""
    provider: Query = ""
    priority: Annotated[str, StringConstraints(pattern=r"^(P[0-5])?$")] = ""
    postcode: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,5}$")] = ""
    from_: Annotated[SearchText, Field(alias="from")] = ""
    days: Annotated[int, Field(ge=1, le=400)] = 14
    limit: Annotated[int, Field(ge=1, le=100)] = 30


class DayQuery(In):
    """One day's visits. No date: today at the clinic."""

    date: SearchText = ""
    site: Query = ""
    asks: Annotated[str, StringConstraints(pattern=r"^(|any|reschedule|cannot_come|outcome)$")] = ""
    cursor: Annotated[str, StringConstraints(max_length=200)] = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 100


class BookIn(In):
    visit_type: Code
    provider_id: Code
    site_id: Code
    starts_at: When
    overbook: StrictBool = False
    hold_id: Annotated[StrictStr, StringConstraints(max_length=64)] | None = None


class HoldIn(In):
    visit_type: Code
    provider_id: Code
    site_id: Code
    starts_at: When


class HoldOut(BaseModel):
    """A slot kept until `expires_at`; book it with its id before then."""

    id: str
    referral_id: str
    visit_type: str
    provider_id: str
    site_id: str
    starts_at: str
    expires_at: str
    seconds_left: int


class CheckIn(HoldIn):
    """A visit as it would be booked; with `appointment_id`, the visit of the referral that would move there."""

    appointment_id: Annotated[StrictStr, StringConstraints(max_length=64)] | None = None


class CheckOut(BaseModel):
    """The visit as it would be, everything that speaks against it, and what could be had instead. Nothing was stored.

    `may_overbook`: permission to overbook is all that is missing.
    """

    visit: dict[str, Any]
    conflicts: list[dict[str, Any]]
    alternatives: list[dict[str, Any]]
    may_overbook: bool


class MoveIn(In):
    """Where the visit moves. Fields left out stay as they are."""

    starts_at: When
    provider_id: Code | None = None
    site_id: Code | None = None
    visit_type: Code | None = None
    overbook: StrictBool = False


class CancelIn(In):
    reason_code: CancelReason


class OutcomeIn(In):
    outcome: Outcome
    note: Note = ""


class ConfirmIn(In):
    channel: Literal["phone", "sms", "email", "link", "in_person"] = "phone"


class SeriesIn(In):
    """A therapy series: the same wall time (no offset) on chosen weekdays (0 = Monday), from the first on."""

    visit_type: Code = "therapy_series"
    provider_id: Code
    site_id: Code
    first_start: When
    weekdays: Annotated[
        tuple[Annotated[int, Field(strict=True, ge=0, le=6)], ...], Field(min_length=1, max_length=7)
    ]
    count: Annotated[int, Field(strict=True, ge=1, le=36)] = 12
    skip_conflicts: StrictBool = False


class BoardQuery(In):
    """Whose waiting room."""

    site: Code


class WalkInIn(In):
    site_id: Code


class WalkInOut(BaseModel):
    """Somebody who came without an appointment."""

    id: str
    version: int
    site: str
    referral_id: str | None
    arrived_at: str
    state: str


class WaitIn(In):
    """What would suit; empty lists mean any (Monday = 0).

    No visit type: that of the referral's next visit, without one the first visit of its route.
    """

    visit_type: Code | None = None
    sites: Annotated[tuple[Code, ...], Field(max_length=20)] = ()
    weekdays: Annotated[tuple[Annotated[int, Field(strict=True, ge=0, le=6)], ...], Field(max_length=7)] = ()
    from_minute: Annotated[int, Field(strict=True, ge=0, le=1439)] = 0
    until_minute: Annotated[int, Field(strict=True, ge=1, le=1440)] = 1440
    notice_minutes: Annotated[int, Field(strict=True, ge=0, le=20_160)] = 120
    expires_at: When | None = None


class ClaimIn(In):
    """Which of a round's offers the patient on the phone takes."""

    offer_id: Annotated[StrictStr, StringConstraints(max_length=64)]


class WaitOut(BaseModel):
    """A place on the waiting list."""

    id: str
    version: int
    referral_id: str
    patient_id: str
    visit_type: str
    priority: str
    sites: list[str]
    weekdays: list[int]
    from_minute: int
    until_minute: int
    notice_minutes: int
    entered_at: str
    expires_at: str
    ended: str


class RoundOut(BaseModel):
    """A freed slot that is offered, a batch at a time."""

    id: str
    version: int
    visit_type: str
    site: str
    provider_id: str
    starts_at: str
    state: str
    batch: int
    batch_until: str
    opened_at: str
    closed_at: str | None


class OwnOfferOut(BaseModel):
    """An offer as its patient sees it; `open` while it can be claimed, else `alternatives` are the next free times."""

    id: str
    patient_id: str
    state: str
    open: bool
    starts_at: str
    expires_at: str
    visit_type_name: dict[str, str]
    site: dict[str, str]
    alternatives: list[dict[str, str]]


class ClosureIn(In):
    """One of site, room and provider. A day (YYYY-MM-DD) means its first instant, at both ends."""

    site_id: Code | None = None
    room_id: Code | None = None
    provider_id: Code | None = None
    starts_at: When
    ends_at: When
    reason: ClosureReason


class EmptyIn(In):
    """A deed that needs nothing said."""


class SlotOut(BaseModel):
    """A free slot. `local_start` is the site's wall clock; `badge` is today, tomorrow or null."""

    site: str
    site_name: str
    provider: dict[str, str]
    provider_id: str
    visit_type: str
    starts_at: str
    ends_at: str
    local_start: str
    badge: str | None


class SeriesOut(BaseModel):
    """A series: the visits booked or cancelled, those left out, or (a check) all as planned with conflicts.

    `version` is for If-Match; null where nothing was booked.
    """

    series_id: str | None
    version: int | None
    items: list[dict[str, Any]]
    left_out: list[dict[str, Any]]
    planned: list[dict[str, Any]]


class ProposalQuery(In):
    """What visit, how urgent, for somebody who lives where and would like which site."""

    visit_type: Code
    priority: Priority = "P2"
    postcode: Annotated[str, StringConstraints(pattern=r"^([0-9]{5})?$")] = ""
    site: Query = ""


class ProposalOut(SlotOut):
    """A site's first slot. `kept`: within the promise; `drive_minutes` is an estimate, null when nobody knows."""

    promised_until: str
    kept: bool
    drive_minutes: int | None
    why: list[str]
    score: float


class ProposalsOut(BaseModel):
    """Sites best first. `promise_kept`: at any site; `kept_at_preferred`: at the wished one (null: none wished)."""

    items: list[ProposalOut]
    next_cursor: str | None
    priority: str
    promise_kept: bool
    kept_at_preferred: bool | None
    sites_without_slots: list[str]


class SlotAlertsOut(BaseModel):
    items: list[dict[str, Any]]
    next_cursor: str | None


class SlotsOut(BaseModel):
    items: list[SlotOut]
    next_cursor: str | None
    visit_type: str


class AppointmentOut(BaseModel):
    """A visit. `version` is for If-Match; `visit_version` is the one messages and calendars belong to."""

    id: str
    version: int
    visit_version: int
    referral_id: str | None
    patient_id: str
    patient: dict[str, Any] | None
    visit_type: str
    visit_type_name: str
    site: dict[str, str]
    provider: dict[str, str]
    room: str
    starts_at: str
    ends_at: str
    local_start: str
    first_starts_at: str
    state: str
    state_since: str
    moves: int
    overbooked: bool
    confirmed_at: str | None
    confirmed_by_channel: str
    arrived_at: str | None
    asks: str
    asks_since: str | None
    series_id: str | None
    allowed: list[str]


class DayOut(BaseModel):
    items: list[AppointmentOut]
    next_cursor: str | None
    date: str
    counts: dict[str, int]


class AppointmentHistoryOut(AppointmentOut):
    """A visit with everything that happened to it, oldest first."""

    changes: list[dict[str, Any]]


class ClosureOut(BaseModel):
    """A closure with the visits that are booked in it."""

    id: str
    version: int
    site_id: str | None
    room_id: str | None
    provider_id: str | None
    starts_at: str
    ends_at: str
    reason: str
    lifted_at: str | None
    stranded: list[AppointmentOut]


class ClosuresOut(BaseModel):
    items: list[ClosureOut]
    next_cursor: str | None


class SitesOut(BaseModel):
    items: list[dict[str, Any]]
    next_cursor: str | None

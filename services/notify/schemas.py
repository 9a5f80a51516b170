"""Wire shapes of the notify API."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
)

from services.notify.rules.quick_texts import QuickText

Code = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9_]{1,40}$")]
Note = Annotated[str, StringConstraints(strict=True, max_length=2000)]
# A century in which days can be counted forth and back; the calendar itself ends with the year 9999.
Moment = Annotated[
    AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2100, 1, 1, tzinfo=UTC))
]


class Strict(BaseModel):
    """A body in: fields that are not named are refused."""

    model_config = ConfigDict(extra="forbid")


class CloseIn(Strict):
    """How staff dealt with a reply or an item."""

    outcome: Code


class AnswerIn(Strict):
    """Which of the clinic's quick texts."""

    text: QuickText


class EmptyIn(Strict):
    """A deed that needs no more than its address."""


class ResumeIn(Strict):
    """What was looked at before sending goes on, in the words of who decides it; kept sealed with who it was."""

    note: Annotated[str, StringConstraints(strict=True, min_length=10, max_length=500, strip_whitespace=True)]


class CloseItemIn(Strict):
    """How an item was dealt with, and what was learned: a phone in E.164, an e-mail address, or "" for neither."""

    outcome: Code
    phone: Annotated[str, StringConstraints(strict=True, pattern=r"^(\+[1-9][0-9]{7,14})?$")] = ""
    email: Annotated[
        str,
        StringConstraints(strict=True, max_length=254, pattern=r"^([^@\s<>,;]+@[^@\s<>,;.]+\.[^@\s<>,;]+)?$"),
    ] = ""


class MessagesRequestIn(Strict):
    """What a patient asked: stop or start one channel; no `topics` stands for everything.

    `note`: their words, at least ten letters for a start, which has to be documented.
    """

    channel: Literal["sms", "email"]
    deed: Literal["stop", "start"]
    topics: Annotated[list[Literal["visit", "follow_up", "outreach", "waitlist"]], Field(max_length=4)] = []
    how: Literal["by_phone", "in_person", "in_writing"]
    note: Annotated[str, StringConstraints(strict=True, max_length=500, strip_whitespace=True)] = ""


class CloseDoubtsIn(Strict):
    """How all sends that one cause left in doubt were dealt with; `seen_until` is what the reader had before them."""

    code: Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9_]{0,40}$")]
    channel: Literal["sms", "email"]
    seen_until: Moment
    outcome: Code


Scope = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9_]{0,40}$")]
Zone = Annotated[
    str, StringConstraints(strict=True, max_length=64, pattern=r"^([A-Za-z_]+(/[A-Za-z0-9_+-]+){0,2})?$")
]
Barrier = Literal["", "no_contact", "no_consent", "opted_out", "number_dead"]


class TemplateIn(Strict):
    """The words of one message. `subject` is for e-mail only."""

    name: Code
    channel: Literal["sms", "email"]
    language: Literal["en", "es"]
    subject: Annotated[str, StringConstraints(strict=True, max_length=200)] = ""
    body: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=6000)]


class WordsIn(Strict):
    """The words of one language. `subject` is for e-mail only."""

    subject: Annotated[str, StringConstraints(strict=True, max_length=200)] = ""
    body: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=6000)]


class NewTemplateIn(Strict):
    """A message that did not exist, in every language at once: a cadence may only name what every patient can read."""

    name: Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9_]{2,39}$")]
    channel: Literal["sms", "email"]
    en: WordsIn
    es: WordsIn


class StepIn(Strict):
    """One step of a cadence; see rules/cadence.py for what the fields mean."""

    step: Code
    moment: Literal["booking", "days_before", "hours_before", "days_after"]
    amount: Annotated[float, Field(ge=0, le=400, allow_inf_nan=False)] = 0
    at_hour: Annotated[StrictInt, Field(ge=8, le=20)] = 10
    channels: Annotated[list[Literal["sms", "email"]], Field(min_length=1, max_length=2)]
    every_channel: StrictBool = False
    topic: Literal["visit", "follow_up", "outreach", "waitlist"] = "visit"
    template: Code
    exempt: Literal["", "booking_confirmation", "same_day_reminder", "correction"] = ""
    audience: Literal["all", "short_notice", "planned_ahead", "high_risk", "attended", "no_show"] = "all"


class CadenceIn(Strict):
    """A cadence for a scope; an empty visit type, site or route means any."""

    visit_type: Scope = ""
    site_id: Scope = ""
    route: Scope = ""
    steps: Annotated[list[StepIn], Field(min_length=1, max_length=12)]


class SimulateIn(Strict):
    """A visit to try a cadence on. `steps` tries a draft; without them the cadence in force is used."""

    visit_type: Scope = ""
    site_id: Scope = ""
    route: Scope = ""
    site_name: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=60)] = "Garnett"
    site_address: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200)] = (
        "219 Bluestem Avenue, Garnett, KS 66032"
    )
    site_phone: Annotated[str, StringConstraints(strict=True, pattern=r"^(\+[1-9][0-9]{7,14})?$")] = ""
    site_zone: Zone = "America/Chicago"
    visit_name: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=60)] = "Visit"
    starts_at: Moment
    booked_at: Moment
    language: Literal["en", "es"] = "en"
    time_zone: Zone = ""
    sms: Barrier = ""
    email: Barrier = ""
    no_shows: Annotated[StrictInt, Field(ge=0, le=99)] = 0
    steps: Annotated[list[StepIn], Field(min_length=1, max_length=12)] | None = None


PersonName = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=120, pattern=r"\S")]
StaffRole = Literal["front_desk", "nurse", "therapist", "provider", "manager", "admin"]
Sites = Annotated[list[Scope], Field(max_length=20)]
Phone = Annotated[str, StringConstraints(strict=True, pattern=r"^(\+[1-9][0-9]{7,14})?$")]
Email = Annotated[
    str,
    StringConstraints(strict=True, max_length=254, pattern=r"^([^@\s<>,;]+@[^@\s<>,;.]+\.[^@\s<>,;]+)?$"),
]
Position = Annotated[StrictInt, Field(ge=1, le=999)]


class StaffContactIn(Strict):
    """Whom to alert: a person or a duty phone. No sites: alerts of every site. `position`: low is told first."""

    name: PersonName
    role: StaffRole
    sites: Sites = Field(default_factory=list)
    phone: Phone = ""
    email: Email = ""
    on_call: StrictBool = True
    position: Position = 100


class StaffContactChangeIn(Strict):
    """What changes of a contact; what is left out stays."""

    name: PersonName | None = None
    role: StaffRole | None = None
    sites: Sites | None = None
    phone: Phone | None = None
    email: Email | None = None
    on_call: StrictBool | None = None
    position: Position | None = None


class DutyTurnIn(Strict):
    """One turn on call: from `starts_at` until before `ends_at`, at most a week."""

    starts_at: Moment
    ends_at: Moment


class DutyTurnsIn(Strict):
    """Turns to keep for one contact."""

    turns: Annotated[list[DutyTurnIn], Field(min_length=1, max_length=26)]


class ItemsOut(BaseModel):
    """One page of a list."""

    items: list[dict[str, Any]]
    next_cursor: str | None


class RecordOut(BaseModel):
    """One record; its fields are described in README.md."""

    model_config = ConfigDict(extra="allow")

"""Wire shapes of the referral API: what comes in is checked strictly, what goes out is documented."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    StrictStr,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from services.referral.rules import reasons


def OneOf(words: tuple[str, ...]) -> AfterValidator:  # noqa: N802 - reads as the type it stands for
    """A text that is one of `words`."""

    def check(given: str) -> str:
        if given not in words:
            raise PydanticCustomError("not_in_list", "not one of the listed codes")
        return given

    return AfterValidator(check)


def Listed(words: tuple[str, ...]) -> WithJsonSchema:  # noqa: N802
    """The same words in the OpenAPI document."""
    return WithJsonSchema({"type": "string", "enum": list(words)})


Note = Annotated[StrictStr, StringConstraints(max_length=2000)]
NeededNote = Annotated[StrictStr, StringConstraints(min_length=1, max_length=2000, pattern=r"\S")]
Code = Annotated[StrictStr, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Priority = Literal["P0", "P1", "P2", "P3", "P4", "P5"]
RedirectReason = Annotated[StrictStr, OneOf(reasons.REDIRECT_REASONS), Listed(reasons.REDIRECT_REASONS)]
DeclineReason = Annotated[StrictStr, OneOf(reasons.DECLINE_REASONS), Listed(reasons.DECLINE_REASONS)]
WithdrawReason = Annotated[StrictStr, OneOf(reasons.WITHDRAW_REASONS), Listed(reasons.WITHDRAW_REASONS)]
HandOverReason = Annotated[StrictStr, OneOf(reasons.HAND_OVER_REASONS), Listed(reasons.HAND_OVER_REASONS)]
ClearHoldReason = Annotated[StrictStr, OneOf(reasons.CLEAR_HOLD_REASONS), Listed(reasons.CLEAR_HOLD_REASONS)]
RetireReason = Annotated[StrictStr, OneOf(reasons.RETIRE_REASONS), Listed(reasons.RETIRE_REASONS)]
ReopenReason = Annotated[StrictStr, OneOf(reasons.REOPEN_REASONS), Listed(reasons.REOPEN_REASONS)]
CloseOutcome = Annotated[StrictStr, OneOf(reasons.CLOSE_OUTCOMES), Listed(reasons.CLOSE_OUTCOMES)]


class In(BaseModel):
    """Base of request bodies: a field nobody knows is refused."""

    model_config = ConfigDict(extra="forbid")


class Out(BaseModel):
    """Base of answers."""


class EvaluateIn(RootModel[dict[str, Any]]):
    """Answers keyed by the protocol's variable ids, bare or under the one key `answers`."""


class WorklistQuery(In):
    """Filters of the worklist. Numbers come as text in a query."""

    state: Code | None = None
    route: Code | None = None
    priority: Priority | None = None
    site: Code | None = None
    owner: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:@-]{1,80}$")] | None = None
    marker: Code | None = None
    patient_id: Annotated[str, StringConstraints(max_length=64)] | None = None
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=400)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


Flags = Annotated[list[Code], Field(max_length=60)]


class AcceptIn(In):
    """`settled`: ids of open warnings (`open_warnings` of the case) the reviewer has settled."""

    note: Note = ""
    settled: Flags = []


class SettleIn(In):
    """Warning signs the answers left open, and which a clinician has settled since."""

    settled: Annotated[Flags, Field(min_length=1)]


class HandedIn(In):
    """What may be given on to a colleague with the deed: who has it in hand from then on; "" changes no owner."""

    owner_id: Annotated[StrictStr, StringConstraints(max_length=80)] = ""
    owner_name: Annotated[StrictStr, StringConstraints(max_length=120)] = ""


class RedirectIn(HandedIn):
    route: Code
    priority: Priority | None = None
    reason_code: RedirectReason
    note: Note = ""


class DeclineIn(HandedIn):
    reason_code: DeclineReason
    note: Note = ""


class AskIn(In):
    note: NeededNote


class DeferIn(In):
    until: Annotated[StrictStr, StringConstraints(max_length=40)] = Field(
        description="RFC 3339 time with offset, or YYYY-MM-DD (then the start of that day at the site)"
    )
    note: Note = ""


class ClearHoldIn(In):
    reason_code: ClearHoldReason
    note: NeededNote
    flag_id: Code | None = None


class CloseIn(In):
    outcome: CloseOutcome
    note: Note = ""


class WithdrawIn(In):
    reason_code: WithdrawReason
    note: Note = ""


class HandOverIn(In):
    reason_code: HandOverReason
    note: Note = ""


class ResumeIn(In):
    note: Note = ""


class ReopenIn(In):
    reason_code: ReopenReason
    note: Note = ""


class FindingsIn(In):
    """Answers staff found out by examination, imaging or telephone, keyed by variable; null takes one back."""

    answers: Annotated[dict[Code, Any], Field(min_length=1, max_length=100)]
    note: Note = ""


class ReportQuery(In):
    """Days of the clinic's calendar, both included."""

    from_: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = Field(
        None, alias="from"
    )
    to: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None


class RadarQuery(In):
    owner: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:@-]{1,80}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class AcknowledgeIn(In):
    pass


class AssignIn(In):
    owner_id: Annotated[StrictStr, StringConstraints(max_length=80)]
    owner_name: Annotated[StrictStr, StringConstraints(max_length=120)] = ""


class PatientOut(BaseModel):
    """The patient as intake last told. `age` in whole years today."""

    name: str
    given_name: str
    family_name: str
    birth_date: str
    age: int
    language: str
    phone: str


class ReferralOut(BaseModel):
    """One row of the worklist. `flags` are ids for clinicians; others see only `urgent`."""

    id: str
    submission_id: str | None
    patient_id: str
    patient: PatientOut
    state: str
    state_since: datetime
    task_status: str
    business_status: str
    route: str | None
    proposed_route: str | None
    secondary_routes: list[str]
    priority: str
    proposed_priority: str | None
    due_at: datetime
    clock: str
    breaching: bool
    urgent: bool
    flags: list[str]
    markers: list[str]
    unknown_count: int | None
    near_miss_count: int | None
    open_warnings: list[str] = Field(
        description="emergency and same-day flags left open by unanswered questions; the patient may not book alone"
    )
    settled_warnings: list[str]
    may_book_alone: bool = Field(
        description="the patient may choose a first time by link, once it is to_book"
    )
    preferred_site: str
    site: str
    owner: dict[str, str] | None
    attempts: int
    deferred_until: datetime | None
    escalated_at: datetime | None
    outcome: str
    follows_id: str | None
    mode: str
    created_at: datetime
    submitted_at: datetime
    version: int
    allowed_moves: list[str]


class DoneOut(ReferralOut):
    """The referral after a deed, and the one to review next (null when triage is empty)."""

    next_id: str | None


class WorklistOut(BaseModel):
    """A page of the worklist; `counts` by open state add up to `open`."""

    items: list[ReferralOut]
    next_cursor: str | None
    counts: dict[str, int]
    open: int
    hidden_urgent: int = Field(description="open red flags and breaching referrals this filter leaves out")


class CaseOut(ReferralOut):
    """The whole case. `answers`, `decision` and `decisions` are null for those who may not read them."""

    answers: list[dict[str, Any]] | None
    decision: dict[str, Any] | None
    decisions: list[dict[str, Any]] | None
    labels: dict[str, dict[str, str]] | None
    holds: list[dict[str, Any]] | None
    timeline: list[dict[str, Any]]
    appointments: list[dict[str, Any]]
    series: list[dict[str, Any]]
    contact: list[dict[str, Any]]
    letters: list[dict[str, Any]] | None
    notes: list[dict[str, Any]] | None
    amendments: list[dict[str, Any]]
    other_referrals: list[dict[str, Any]]


class DecisionOut(BaseModel):
    """A decision with its evidence; nothing was stored."""

    model_config = ConfigDict(extra="allow")

    route: str
    priority: str
    secondary: list[str]
    diagnoses: list[dict[str, Any]]
    red_flags: list[dict[str, Any]]
    rules: list[dict[str, Any]]
    unknown: list[dict[str, Any]]
    insufficient_data: bool
    protocol: dict[str, Any]
    evidence: dict[str, Any]

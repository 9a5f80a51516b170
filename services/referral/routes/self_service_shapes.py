"""Wire shapes of what patients do by link."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from services.referral.routes.schedule_shapes import HoldIn, Query, SearchText, SlotOut
from services.referral.schemas import In


class OwnSlotQuery(In):
    """Times for a patient to choose from; `appointment_id`: for a visit already booked, which then moves.

    `per_day`: the earliest of each day at most, so that one full day does not hide the next.
    """

    site: Query = ""
    from_: Annotated[SearchText, Field(alias="from")] = ""
    days: Annotated[int, Field(ge=1, le=60)] = 14
    limit: Annotated[int, Field(ge=1, le=40)] = 12
    per_day: Annotated[int, Field(ge=1, le=40)] = 40
    appointment_id: Query = ""


class OwnChangeIn(In):
    """A patient's wish about one version of a visit. `to`: where it shall move."""

    visit_version: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    reason_code: Literal["patient_cannot_come", "patient_declined", "patient_unwell"] = "patient_cannot_come"
    to: HoldIn | None = None


class OwnVisitOut(BaseModel):
    """A visit as its patient sees it. `result`: done, or call_back when staff will call."""

    id: str
    visit_version: int
    referral_id: str | None
    visit_type: str
    visit_type_name: dict[str, str]
    site: dict[str, str]
    provider_id: str
    provider: str
    starts_at: str
    local_start: str
    state: str
    asks: str
    may_change: bool
    change_until: str
    result: str | None = None


class OwnVisitsOut(BaseModel):
    """The visits to come of a referral's patient, and whether a time can be chosen for the referral."""

    items: list[OwnVisitOut]
    next_cursor: str | None
    referrals: list[dict[str, Any]]


class OwnSlotsOut(BaseModel):
    """Times to choose from. `until`: how far was looked; `sites`: where can be looked."""

    items: list[SlotOut]
    next_cursor: str | None
    visit_type: str
    until: datetime
    sites: list[dict[str, str]]

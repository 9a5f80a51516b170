"""Days the record knows and nobody is asked: they go into a decision beside the answers, and into no answer."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.referral.rules.office_hours import OFFICE_HOURS

RECORDED = ("birth_date", "answered_on", "visit_date")


def recorded_days(
    patient: Mapping[str, Any] | None, answered_at: datetime | None, decided_at: datetime
) -> dict[str, date | str]:
    """Return birth date, day of the answers and day of the decision (today until a visit is booked), as known.

    `patient` is a snapshot; the days are the clinic's own.
    """
    zone = ZoneInfo(OFFICE_HOURS.time_zone)
    days: dict[str, date | str] = {"visit_date": decided_at.astimezone(zone).date()}
    if patient is not None and patient.get("birth_date"):
        days["birth_date"] = str(patient["birth_date"])
    if answered_at is not None:
        days["answered_on"] = answered_at.astimezone(zone).date()
    return days

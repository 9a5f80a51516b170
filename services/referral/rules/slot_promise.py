"""What the clinic promises to each priority, whether a site can keep it, and which site suits a patient best."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from zoneinfo import ZoneInfo

from services.referral.rules.calendar_time import DAY, day_starts_at, local_date
from services.referral.rules.slots import Slot

# `priorities` of the clinical tables, as days in which the patient is seen: today, the next open day, 7, 14, 28.
DAYS_PROMISED = {"P3": 7, "P4": 14, "P5": 28}
# The clinic's own promise is a visit today or on the next open day; it is what sites are watched for.
CLINIC_PROMISE = "P2"
# A straight line becomes a drive: roads are a third longer, county roads and streets average 55 km/h, parking 4 min.
DETOUR, KM_PER_MINUTE, PARKING_MINUTES = 1.35, 55 / 60, 4
EARTH_KM = 6371.0
# A proposal trades waiting for driving: ten minutes' drive weigh as much as three hours' wait.
HOURS_PER_DRIVE_MINUTE = 0.3
PREFERRED_HOURS = 8.0


@dataclass(frozen=True, slots=True)
class Proposal:
    """The first slot of one site, and why it stands where it does in the list."""

    slot: Slot
    promised_until: datetime
    kept: bool
    drive_minutes: int | None
    why: tuple[str, ...]
    score: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A site's first free slot for the visit, with how far it is and how many there can give the visit."""

    slot: Slot
    promised_until: datetime
    drive_minutes: int | None
    providers: int
    preferred: bool


def promised_until(priority: str, now: datetime, zone: ZoneInfo, open_weekdays: frozenset[int]) -> datetime:
    """Return the first instant that is too late: the end of the last day on which the promise is kept.

    P0 and P1: today. P2: the next open day. P3 to P5: 7, 14, 28 days. Without open days P2 means tomorrow.
    """
    day = local_date(now, zone)
    if priority in DAYS_PROMISED:
        day += DAYS_PROMISED[priority] * DAY
    elif priority == "P2":
        day += DAY
        while open_weekdays and day.weekday() not in open_weekdays:
            day += DAY
    return day_starts_at(day + DAY, zone)


def drive_minutes(from_point: tuple[float, float], to_point: tuple[float, float]) -> int:
    """Estimate the drive between two points (degrees north and east), in minutes."""
    (south, west), (north, east) = from_point, to_point
    half_chord = (
        sin(radians(north - south) / 2) ** 2
        + cos(radians(south)) * cos(radians(north)) * sin(radians(east - west) / 2) ** 2
    )
    km = 2 * EARTH_KM * asin(sqrt(half_chord))
    return round(km * DETOUR / KM_PER_MINUTE + PARKING_MINUTES)


def rank_sites(candidates: Sequence[Candidate], now: datetime) -> list[Proposal]:
    """Order the sites for a patient: first those that keep the promise, then by wait, drive and preference together.

    `why` names what speaks for a site: preferred_site, earliest, nearest, within_promise; and what speaks against
    it: after_promise, only_provider (nobody else there can give this visit).
    """
    if not candidates:
        return []
    earliest = min(one.slot.starts_at for one in candidates)
    drives = [one.drive_minutes for one in candidates if one.drive_minutes is not None]
    proposals = []
    for one in candidates:
        kept = one.slot.starts_at < one.promised_until
        reasons = {
            "preferred_site": one.preferred,
            "earliest": one.slot.starts_at == earliest,
            "nearest": bool(drives) and one.drive_minutes == min(drives),
            "within_promise": kept,
            "after_promise": not kept,
            "only_provider": one.providers == 1,
        }
        wait = (one.slot.starts_at - now) / timedelta(hours=1)
        drive = (one.drive_minutes or (max(drives) if drives else 0)) * HOURS_PER_DRIVE_MINUTE
        score = round(wait + drive - (PREFERRED_HOURS if one.preferred else 0), 2)
        why = tuple(code for code, stands in reasons.items() if stands)
        proposals.append(Proposal(one.slot, one.promised_until, kept, one.drive_minutes, why, score))
    return sorted(proposals, key=lambda found: (not found.kept, found.score, found.slot))

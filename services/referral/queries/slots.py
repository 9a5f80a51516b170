"""Free slots: the facts the rules need, read from the database a stretch of days at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.referral.model.schedule import VisitType
from services.referral.rules.slots import (
    Interval,
    ProviderHours,
    SiteHours,
    Slot,
    VisitRules,
    WeeklyHours,
    free_slots,
)

# How far each stretch of a search reaches; most searches end in the first.
STRETCHES = (timedelta(days=7), timedelta(days=21), timedelta(days=400))
LONGEST_USE = timedelta(hours=13)


@dataclass(frozen=True, slots=True)
class SlotSearch:
    """What to look for: the earliest `most` slots that start in [from_at, until_at). Empty tuples mean any.

    `without` names an appointment or hold whose own seats count as free, for the one that is being moved.
    """

    from_at: datetime
    until_at: datetime
    most: int
    sites: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    without: UUID | None = None


@dataclass(frozen=True, slots=True)
class Clinic:
    """The sites and providers that come into question for one visit type, with their seats."""

    sites: list[SiteHours]
    providers: list[ProviderHours]

    def seats(self) -> list[int]:
        rooms = (seats for site in self.sites for seats in site.rooms.values())
        return [seat for seats in (*rooms, *(p.seats for p in self.providers)) for seat in seats]


SITES = """
SELECT s.id, s.time_zone, h.weekday, h.from_minute, h.until_minute, h.valid_from, h.valid_until
FROM site s JOIN site_hours h ON h.site_id = s.id
WHERE s.active AND (:any_site OR s.id = ANY(:sites))
"""
ROOMS = """
SELECT r.site_id, r.id, seat.number FROM room r JOIN seat ON seat.room_id = r.id
WHERE r.active AND r.kind = :kind AND seat.active AND NOT seat.overbook ORDER BY seat.number
"""
PROVIDERS = """
SELECT p.id, h.site_id, h.weekday, h.from_minute, h.until_minute, h.valid_from, h.valid_until
FROM provider p JOIN provider_skill k ON k.provider_id = p.id AND k.visit_type_id = :visit_type
JOIN provider_hours h ON h.provider_id = p.id
WHERE p.active AND CASE WHEN :any_provider THEN :any_site OR h.site_id = ANY(:sites) ELSE p.id = ANY(:providers) END
ORDER BY p.id
"""
PROVIDER_SEATS = """
SELECT provider_id, number FROM seat
WHERE provider_id = ANY(:providers) AND active AND NOT overbook ORDER BY number
"""
CLOSURES = """
SELECT site_id, room_id, provider_id, starts_at, ends_at FROM closure
WHERE lifted_at IS NULL AND ends_at > :from_at AND starts_at < :until_at
"""
TAKEN = """
SELECT seat_number, array_agg(starts_at), array_agg(ends_at) FROM seat_use
WHERE starts_at > :reach_back AND starts_at < :until_at AND ends_at > :from_at AND seat_number = ANY(:seats)
    AND (expires_at IS NULL OR expires_at > :now)
    AND coalesce(appointment_id, hold_id) IS DISTINCT FROM CAST(:without AS uuid)
    AND (hold_id IS NULL OR :holds)
GROUP BY seat_number
"""


def visit_rules(visit: VisitType) -> VisitRules:
    """Return the rules by which visits of this type are laid on the calendar."""
    return VisitRules(
        id=visit.id,
        minutes=visit.minutes,
        buffer_before=visit.buffer_before,
        buffer_after=visit.buffer_after,
        lead_minutes=visit.lead_minutes,
        horizon_days=visit.horizon_days,
        alignment_minutes=visit.alignment_minutes,
        whole_provider=visit.whole_provider,
        room_kind=visit.room_kind,
    )


def find_slots(session: Session, visit: VisitRules, search: SlotSearch, now: datetime) -> list[Slot]:
    """Return the earliest free slots of the search, sorted; reads only as many days as it takes to find them."""
    until_at = min(search.until_at, now + timedelta(days=visit.horizon_days))
    clinic = read_clinic_for(session, visit, search, until_at)
    found: list[Slot] = []
    from_at = max(search.from_at, now)
    begun = from_at
    for stretch in STRETCHES:
        ends_at = min(until_at, begun + stretch)
        if from_at >= ends_at or len(found) >= search.most:
            break
        found += free_slots(
            visit,
            sites=clinic.sites,
            providers=clinic.providers,
            taken=read_taken(session, visit, clinic.seats(), (from_at, ends_at), now, without=search.without),
            window=(from_at, ends_at),
            now=now,
            most=search.most - len(found),
        )
        from_at = ends_at
    return found


def read_clinic_for(session: Session, visit: VisitRules, search: SlotSearch, until_at: datetime) -> Clinic:
    """Read the sites and providers that can give this visit, and their closures within the search."""
    values = {
        "any_site": not search.sites,
        "sites": list(search.sites),
        "any_provider": not search.providers,
        "providers": list(search.providers),
        "visit_type": visit.id,
        "kind": visit.room_kind,
        "from_at": search.from_at - LONGEST_USE,
        "until_at": until_at + LONGEST_USE,
    }
    shut = _closures(session, values)
    rooms: dict[str, dict[str, list[int]]] = {}
    for site_id, room_id, seat in session.execute(text(ROOMS), values):
        rooms.setdefault(site_id, {}).setdefault(room_id, []).append(seat)
    hours: dict[tuple[str, str], list[WeeklyHours]] = {}
    for site_id, zone, *columns in session.execute(text(SITES), values):
        hours.setdefault((site_id, zone), []).append(WeeklyHours(*columns))
    sites = [
        SiteHours(
            id=site_id,
            zone=ZoneInfo(zone),
            hours=weekly,
            rooms=rooms.get(site_id, {}),
            closures=shut.get(("site", site_id), ()),
            room_closures={room: shut.get(("room", room), ()) for room in rooms.get(site_id, {})},
        )
        for (site_id, zone), weekly in sorted(hours.items())
    ]
    return Clinic(sites, _providers(session, values, shut))


def _providers(
    session: Session, values: dict[str, Any], shut: Mapping[tuple[str, str], Sequence[Interval]]
) -> list[ProviderHours]:
    hours: dict[str, dict[str, list[WeeklyHours]]] = {}
    for provider_id, site_id, *columns in session.execute(text(PROVIDERS), values):
        hours.setdefault(provider_id, {}).setdefault(site_id, []).append(WeeklyHours(*columns))
    seats: dict[str, list[int]] = {}
    for provider_id, seat in session.execute(text(PROVIDER_SEATS), {"providers": list(hours)}):
        seats.setdefault(provider_id, []).append(seat)
    return [
        ProviderHours(
            provider_id, seats.get(provider_id, []), weekly, shut.get(("provider", provider_id), ())
        )
        for provider_id, weekly in hours.items()
    ]


def _closures(session: Session, values: dict[str, Any]) -> dict[tuple[str, str], list[Interval]]:
    found: dict[tuple[str, str], list[Interval]] = {}
    for row in session.execute(text(CLOSURES), values):
        kind, subject = next(
            (kind, value)
            for kind, value in (
                ("site", row.site_id),
                ("room", row.room_id),
                ("provider", row.provider_id),
            )
            if value
        )
        found.setdefault((kind, subject), []).append((row.starts_at, row.ends_at))
    return found


def read_taken(
    session: Session,
    visit: VisitRules,
    seats: list[int],
    window: tuple[datetime, datetime],
    now: datetime,
    *,
    without: UUID | None = None,
    holds: bool = True,
) -> dict[int, list[Interval]]:
    """Read what is taken from `seats` within reach of visits that start in `window`; expired holds do not count."""
    before = timedelta(minutes=visit.buffer_before)
    after = timedelta(minutes=visit.minutes + visit.buffer_after)
    values = {
        "from_at": window[0] - before,
        "reach_back": window[0] - before - LONGEST_USE,
        "until_at": window[1] + after,
        "seats": seats,
        "now": now,
        "without": without,
        "holds": holds,
    }
    return {
        seat: list(zip(starts, ends, strict=True))
        for seat, starts, ends in session.execute(text(TAKEN), values)
    }

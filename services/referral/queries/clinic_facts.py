"""The clinic's facts as a search needs them, kept in the process until the clinic changes (`clinic_records.py`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.database import address_of
from services.referral.model.schedule import VisitType
from services.referral.queries.clinic_records import clinic_revision
from services.referral.rules.slots import Interval, ProviderHours, SiteHours, VisitRules, WeeklyHours

MOST_KEPT = 64


@dataclass(frozen=True, slots=True)
class Clinic:
    """The sites and providers that can give one type of visit, with hours, seats, closures and names."""

    sites: tuple[SiteHours, ...]
    providers: tuple[ProviderHours, ...]
    site_names: Mapping[str, str]
    provider_names: Mapping[str, str]

    def seats(self) -> list[int]:
        """Return the numbers of all seats that come into question."""
        rooms = (seats for site in self.sites for seats in site.rooms.values())
        return [seat for seats in (*rooms, *(p.seats for p in self.providers)) for seat in seats]

    def narrowed(self, sites: tuple[str, ...], providers: tuple[str, ...]) -> "Clinic":
        """Return the clinic cut to these sites and providers (none named: all of them)."""
        wanted = [p for p in self.providers if not providers or p.id in providers]
        if sites and not providers:
            wanted = [p for p in wanted if any(site in p.hours for site in sites)]
        return replace(
            self,
            sites=tuple(site for site in self.sites if not sites or site.id in sites),
            providers=tuple(wanted),
        )


SITES = """
SELECT s.id, s.name, s.time_zone, h.weekday, h.from_minute, h.until_minute, h.valid_from, h.valid_until
FROM site s JOIN site_hours h ON h.site_id = s.id JOIN visit_type v ON v.id = :visit_type
WHERE s.active AND (v.sites = '{}' OR s.id = ANY(v.sites)) ORDER BY s.id
"""
ROOMS = """
SELECT r.site_id, r.id, seat.number FROM room r JOIN seat ON seat.room_id = r.id
WHERE r.active AND r.kind = :kind AND seat.active AND NOT seat.overbook ORDER BY seat.number
"""
PROVIDERS = """
SELECT p.id, p.name, h.site_id, h.weekday, h.from_minute, h.until_minute, h.valid_from, h.valid_until
FROM provider p JOIN provider_skill k ON k.provider_id = p.id AND k.visit_type_id = :visit_type
JOIN provider_hours h ON h.provider_id = p.id JOIN visit_type v ON v.id = k.visit_type_id
WHERE p.active AND (v.sites = '{}' OR h.site_id = ANY(v.sites)) ORDER BY p.id
"""
PROVIDER_SEATS = """
SELECT provider_id, number FROM seat
WHERE provider_id IS NOT NULL AND active AND NOT overbook ORDER BY number
"""
CLOSURES = """
SELECT coalesce('site ' || site_id, 'room ' || room_id, 'provider ' || provider_id), starts_at, ends_at
FROM closure WHERE lifted_at IS NULL AND ends_at > now() - interval '2 days'
"""

_kept: dict[tuple[str, int, str], Clinic] = {}


def clinic_for(session: Session, visit: VisitRules, revision: int | None = None) -> Clinic:
    """Return the clinic for this type of visit: as kept, or read anew when something changed since.

    `revision`: the number of the facts, for who has it or asks for it afterwards.
    """
    if revision is None:
        revision = clinic_revision(session)
    place = (address_of(session), revision, visit.id)
    found = kept_clinic(*place)
    if found is None:
        found = _read(session, visit)
        # The number was asked for before: had it changed meanwhile, the facts would stand under the wrong one.
        if clinic_revision(session) == revision:
            if len(_kept) >= MOST_KEPT:
                _kept.clear()
            _kept[place] = found
    return found


def kept_clinic(address: str, revision: int, visit_type_id: str) -> Clinic | None:
    """Return the clinic for this type of visit if it is kept from the database at `address` under this revision."""
    return _kept.get((address, revision, visit_type_id))


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


def _read(session: Session, visit: VisitRules) -> Clinic:
    values = {"visit_type": visit.id, "kind": visit.room_kind}
    shut: dict[str, list[Interval]] = {}
    for subject, starts_at, ends_at in session.execute(text(CLOSURES)):
        shut.setdefault(subject, []).append((starts_at, ends_at))
    rooms: dict[str, dict[str, list[int]]] = {}
    for site_id, room_id, seat in session.execute(text(ROOMS), values):
        rooms.setdefault(site_id, {}).setdefault(room_id, []).append(seat)
    names: dict[str, str] = {}
    hours: dict[tuple[str, str], list[WeeklyHours]] = {}
    for site_id, name, zone, *columns in session.execute(text(SITES), values):
        names[site_id] = name
        hours.setdefault((site_id, zone), []).append(WeeklyHours(*columns))
    sites = tuple(
        SiteHours(
            id=site_id,
            zone=ZoneInfo(zone),
            hours=weekly,
            rooms=rooms.get(site_id, {}),
            closures=shut.get(f"site {site_id}", ()),
            room_closures={
                room: shut[f"room {room}"] for room in rooms.get(site_id, {}) if f"room {room}" in shut
            },
        )
        for (site_id, zone), weekly in hours.items()
    )
    providers, provider_names = _read_providers(session, values, shut)
    return Clinic(sites, providers, names, provider_names)


def _read_providers(
    session: Session, values: dict[str, Any], shut: Mapping[str, Sequence[Interval]]
) -> tuple[tuple[ProviderHours, ...], dict[str, str]]:
    names: dict[str, str] = {}
    hours: dict[str, dict[str, list[WeeklyHours]]] = {}
    for provider_id, name, site_id, *columns in session.execute(text(PROVIDERS), values):
        names[provider_id] = name
        hours.setdefault(provider_id, {}).setdefault(site_id, []).append(WeeklyHours(*columns))
    seats: dict[str, list[int]] = {}
    for provider_id, seat in session.execute(text(PROVIDER_SEATS)):
        seats.setdefault(provider_id, []).append(seat)
    found = tuple(
        ProviderHours(
            provider_id, seats.get(provider_id, []), weekly, shut.get(f"provider {provider_id}", ())
        )
        for provider_id, weekly in hours.items()
    )
    return found, names

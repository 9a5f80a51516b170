"""Tell whether a visit can be booked at a time, and what else could be when it cannot."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.web.problems import FieldProblem, Problem, conflict, invalid
from services.referral.model.schedule import Provider, Site, VisitType
from services.referral.queries.sites import find_provider, find_site, find_visit_type
from services.referral.queries.slots import SlotSearch, find_slots, read_clinic_for, read_taken, visit_rules
from services.referral.rules.calendar_time import local_label
from services.referral.rules.slot_conflicts import TAKEN_CONFLICTS, find_conflicts
from services.referral.rules.slots import Slot, VisitRules

ALTERNATIVES = 5
REACH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Place:
    """A visit type, provider, site and start that exist; not yet that they are free."""

    visit_type: VisitType
    provider: Provider
    site: Site
    starts_at: datetime
    rules: VisitRules


def find_place(
    session: Session, *, visit_type: str, provider_id: str, site_id: str, starts_at: datetime
) -> Place:
    """Return the place named by these ids; raises the 422 problem that names each id nobody knows."""
    found = {
        "visit_type": find_visit_type(session, visit_type),
        "provider_id": find_provider(session, provider_id),
        "site_id": find_site(session, site_id),
    }
    unknown = [FieldProblem(field, "unknown") for field, row in found.items() if row is None]
    if unknown:
        raise invalid(unknown)
    visit, provider, site = found.values()
    assert isinstance(visit, VisitType)
    assert isinstance(provider, Provider)
    assert isinstance(site, Site)
    return Place(visit, provider, site, starts_at, visit_rules(visit))


def slot_conflicts(session: Session, place: Place, *, without: UUID | None = None) -> list[str]:
    """Return the codes of what the calendar has against the visit (rules/slot_conflicts.py), and `no_skill`."""
    moment = now(session)
    search = SlotSearch(
        from_at=place.starts_at,
        until_at=place.starts_at + timedelta(minutes=1),
        most=1,
        sites=(place.site.id,),
        providers=(place.provider.id,),
        without=without,
    )
    clinic = read_clinic_for(session, place.rules, search, search.until_at)
    if not clinic.providers or not clinic.sites:
        return ["no_skill" if not clinic.providers else "site_closed"]
    window = (place.starts_at, search.until_at)
    taken = read_taken(session, place.rules, clinic.seats(), window, moment, without=without)
    return find_conflicts(
        place.rules,
        clinic.sites[0],
        clinic.providers[0],
        taken=taken,
        starts_at=place.starts_at,
        now=moment,
    )


def next_slots(session: Session, place: Place, *, most: int = ALTERNATIVES) -> list[Slot]:
    """Return the first free slots of the same type from the wished day on: the same site's first, then any site's."""
    moment = now(session)
    from_at = max(moment, min(place.starts_at, moment + timedelta(days=place.rules.horizon_days - 1)))
    here = SlotSearch(from_at, from_at + REACH, most, sites=(place.site.id,))
    anywhere = SlotSearch(from_at, from_at + REACH, most)
    found = find_slots(session, place.rules, here, moment) + find_slots(
        session, place.rules, anywhere, moment
    )
    return list(dict.fromkeys(found))[:most]


def slot_refused(session: Session, place: Place, conflicts: list[str]) -> Problem:
    """The 409 for a slot that cannot be had: every conflict at once, and what can be had instead.

    `slot_taken` when others have it, `slot_not_offered` when the clinic's own rules do not offer it.
    """
    taken = any(code in TAKEN_CONFLICTS for code in conflicts)
    code = "slot_taken" if taken and set(conflicts) <= set(TAKEN_CONFLICTS) else "slot_not_offered"
    title = (
        "That time has just been taken. Nothing was booked; the next free times are listed."
        if code == "slot_taken"
        else "That time cannot be booked. Nothing was booked; the next free times are listed."
    )
    zone = ZoneInfo(place.site.time_zone)
    return conflict(
        code,
        title,
        conflicts=conflicts,
        alternatives=[
            {
                "site": slot.site_id,
                "provider_id": slot.provider_id,
                "visit_type": place.visit_type.id,
                "starts_at": local_label(slot.starts_at, zone),
                "ends_at": local_label(slot.ends_at, zone),
            }
            for slot in next_slots(session, place)
        ],
    )

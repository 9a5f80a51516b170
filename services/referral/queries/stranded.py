"""Visits to come that the clinic as it is now could not give: whatever was changed, and by whatever way."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from kernel.clock import now
from services.referral.model.appointment import Appointment
from services.referral.queries.appointments import STILL_TO_COME, VISITS, Visit
from services.referral.queries.clinic_facts import clinic_for, visit_rules
from services.referral.rules.slot_conflicts import find_conflicts

# Conflicts that come from the clinic's own facts, and not from the hour or from other bookings.
LASTING = ("site_closed", "provider_away")
MOST = 500


@dataclass(frozen=True, slots=True)
class Stranded:
    """A visit and why it cannot be given there: site_closed, provider_away, no_skill, room_gone, kind_ended."""

    visit: Visit
    why: tuple[str, ...]


def stranded_visits_now(session: Session, sites: tuple[str, ...] = ()) -> list[Stranded]:
    """Return the visits to come that hours, closures, rooms, skills or kinds of visit no longer allow, soonest first.

    Worked out from the facts as they stand, so it holds after any change: an edit, a file, a lifted closure. `sites`:
    those the reader may see; () means all.
    """
    moment = now(session)
    to_come = VISITS.where(Appointment.state.in_(STILL_TO_COME), Appointment.starts_at > moment)
    if sites:
        to_come = to_come.where(Appointment.site_id.in_(sites))
    found = []
    for row in session.execute(to_come.order_by(Appointment.starts_at, Appointment.id)):
        visit = Visit(*row)
        why = tuple(_reasons(session, visit))
        if why:
            found.append(Stranded(visit, why))
        if len(found) >= MOST:
            break
    return found


def _reasons(session: Session, visit: Visit) -> Iterator[str]:
    appointment, rules = visit.appointment, visit_rules(visit.visit_type)
    if not visit.visit_type.active:
        yield "kind_ended"
    clinic = clinic_for(session, rules).narrowed((visit.site.id,), (visit.provider.id,))
    if not clinic.providers:
        yield "no_skill"
    if not clinic.sites:
        yield "site_closed"
    if not clinic.providers or not clinic.sites:
        return
    site = clinic.sites[0]
    against = find_conflicts(
        rules,
        site,
        clinic.providers[0],
        taken={},
        starts_at=appointment.starts_at,
        now=appointment.starts_at - timedelta(minutes=rules.lead_minutes),
    )
    yield from (code for code in against if code in LASTING)
    used = rules.taken(appointment.starts_at)
    shut = site.room_closures.get(visit.room.id, ())
    if visit.room.id not in site.rooms or any(begins < used[1] and used[0] < ends for begins, ends in shut):
        yield "room_gone"

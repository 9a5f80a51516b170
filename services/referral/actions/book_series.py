"""Book a therapy series: every visit of a pattern, with what stands against each said first."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from kernel.web.problems import FieldProblem, conflict, invalid, not_found
from services.referral.actions.book_slot import announce, new_appointment, seat_appointment
from services.referral.actions.cancel_appointment import cancel_appointment
from services.referral.actions.check_slot import Conflict, Place, Wish, check_slot, find_place, next_slots
from services.referral.actions.move_referral import illegal_move, move_referral
from services.referral.actions.take_seats import lock_providers
from services.referral.model.appointment import Appointment
from services.referral.model.referral import Referral
from services.referral.queries.appointments import STILL_TO_COME
from services.referral.queries.referrals import find_referral
from services.referral.rules.calendar_time import AmbiguousLocalTime, NoSuchLocalTime, resolve_local_time
from services.referral.rules.referral_states import may_do
from services.referral.rules.slot_series import series_starts
from services.referral.rules.slots import Slot

# A series may begin with the first booking of a referral, or follow a visit that went well.
SERIES_STATES = ("to_book", "booked", "arrived", "attended")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A series as wished: `first_start` is the site's wall clock (naive); weekdays 0 = Monday."""

    visit_type: str
    provider_id: str
    site_id: str
    first_start: datetime
    weekdays: frozenset[int]
    count: int


@dataclass(frozen=True, slots=True)
class Planned:
    """One visit of a planned series: its place, what stands against it, what is free instead, the seats to take."""

    number: int
    place: Place
    conflicts: list[Conflict]
    instead: list[Slot]
    seats: tuple[list[int], str] | None


def plan_series(session: Session, referral: Referral, pattern: Pattern) -> list[Planned]:
    """Return every visit of the series with its conflicts; nothing is written. Raises 422 for ids nobody knows."""
    probe = Wish(pattern.visit_type, pattern.provider_id, pattern.site_id, now(session))
    place = find_place(session, probe)
    zone = ZoneInfo(place.site.time_zone)
    planned = []
    for number, local in enumerate(series_starts(pattern.first_start, pattern.weekdays, pattern.count), 1):
        try:
            starts_at = resolve_local_time(local, zone)
        except (NoSuchLocalTime, AmbiguousLocalTime):
            raise invalid([FieldProblem("json.first_start", "no_such_local_time")]) from None
        checked = check_slot(
            session,
            replace(place, starts_at=starts_at),
            patient_id=referral.patient_id,
            routes={referral.route, *referral.secondary_routes},
            in_series=True,
            in_turn=number > 1,
        )
        place = checked.place
        planned.append(Planned(number, place, checked.conflicts, [], checked.seats))
    starts = [one.place.starts_at for one in planned if not one.conflicts]
    return [
        replace(one, instead=_instead(session, one.place, starts)) if one.conflicts else one
        for one in planned
    ]


def _instead(session: Session, place: Place, starts: list[datetime]) -> list[Slot]:
    """Return up to three free times for one visit of a series, none of them on top of its other visits."""
    length = place.rules.length
    free = next_slots(session, place, most=3 + 2 * len(starts))
    return [slot for slot in free if all(abs(slot.starts_at - start) >= length for start in starts)][:3]


def book_series(
    session: Session, actor: Actor, referral_id: UUID, pattern: Pattern, *, skip_conflicts: bool
) -> tuple[UUID, list[Appointment], list[Planned]]:
    """Book the series; return its id, the visits booked and those left out.

    With conflicts and not `skip_conflicts` nothing is booked: 409 `series_conflicts`. Raises also 404, 409
    `illegal_move` and `red_flag_hold`.
    """
    referral = find_referral(session, referral_id, lock=True)
    if referral is None:
        raise not_found("referral")
    if referral.state not in SERIES_STATES:
        raise illegal_move(referral)
    planned = plan_series(session, referral, pattern)
    left_out = [one for one in planned if one.conflicts]
    if any(Conflict("red_flag_hold") in one.conflicts for one in left_out):
        raise conflict(
            "red_flag_hold", "A clinician has to speak with this patient first. Nothing was booked."
        )
    if len(left_out) == len(planned) or (left_out and not skip_conflicts):
        raise conflict(
            "series_conflicts",
            "Some visits of the series cannot be booked. Nothing was booked.",
            conflicts=[
                {"number": one.number, "conflicts": [found.code for found in one.conflicts]}
                for one in left_out
            ],
        )
    series_id = new_id()
    booked = []
    for one in planned:
        if one.conflicts:
            continue
        appointment = new_appointment(session, referral, one.place, overbook=False)
        appointment.series_id, appointment.series_number = series_id, one.number
        seat_appointment(session, appointment, one.place, as_read=one.seats)
        announce(session, actor, appointment, one.place, referral)
        booked.append(appointment)
    referral.site = pattern.site_id
    if may_do("book", referral.state, "booked"):
        details = {"series_id": str(series_id), "visits": len(booked)}
        move_referral(session, actor, referral, "booked", deed="book", details=details)
    return series_id, booked, left_out


def cancel_series(session: Session, actor: Actor, series_id: UUID, reason: str) -> list[Appointment]:
    """Cancel every visit of the series still to come; return them. Raises 404 when there is none.

    Who has arrived for one is in the building: that visit is ended by itself.
    """
    # Locked before its visits are read: who is checked in meanwhile has arrived.
    owner = session.scalars(select(Appointment.referral_id).where(Appointment.series_id == series_id)).first()
    if owner is None:
        raise not_found("series")
    find_referral(session, owner, lock=True)
    to_come = select(Appointment.id, Appointment.provider_id).where(
        Appointment.series_id == series_id,
        Appointment.state.in_(STILL_TO_COME),
        Appointment.starts_at > now(session),
    )
    visits = session.execute(to_come.order_by(Appointment.starts_at)).all()
    if not visits:
        raise not_found("series")
    # Each time given up may be offered to those who wait, which takes seats of its provider again. Visits of a series
    # may have been moved to another: all are locked first, in the one order there is, so nobody waits in a circle.
    lock_providers(session, *(visit.provider_id for visit in visits))
    return [cancel_appointment(session, actor, visit.id, reason) for visit in visits]

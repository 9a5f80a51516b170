"""Book a visit for a referral: seats, appointment, state and event in one transaction."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.appointment import AppointmentBooked
from kernel.failpoints import failpoint
from kernel.ids import new_id
from kernel.outbox import emit
from kernel.rows import add_row
from services.referral.actions.ask_ahead import Ahead
from services.referral.actions.check_slot import (
    Conflict,
    Place,
    Wish,
    check_slot,
    likely_place,
    only_overbooks,
    slot_refused,
)
from services.referral.actions.end_hold import use_hold
from services.referral.actions.move_referral import illegal_move, move_referral
from services.referral.actions.note_change import note_change
from services.referral.actions.take_seats import SeatsTaken, Taker, take_at_once, take_seats
from services.referral.model.appointment import Appointment
from services.referral.model.referral import Referral
from services.referral.model.schedule import Room
from services.referral.queries.appointments import Visit
from services.referral.queries.clinic_records import calendar_at
from services.referral.rules.referral_states import may_do
from services.referral.rules.slot_conflicts import WAITING_CONFLICTS


def book_slot(
    session: Session,
    actor: Actor,
    referral: Referral,
    wish: Wish,
    *,
    hold_id: UUID | None = None,
    in_turn: bool = False,
    ahead: Ahead | None = None,
    at_once: bool = False,
) -> Visit:
    """Book the wish for the referral (locked by the caller) and return the visit (version 1). Everything or nothing.

    `hold_id`: a hold of this referral on that very slot, which the visit takes over; its lead time was kept when it
    was held. `in_turn`: as in `check_slot`. `ahead`: what was asked before and read behind that turn. `at_once`: seats
    that were free when they were read are taken with the commit (`take_at_once`). Raises 422 for ids nobody knows; 409
    `illegal_move`, `hold_expired`, and what `slot_refused` lists.
    """
    checked = check_slot(
        session,
        ahead.place if ahead else likely_place(session, wish),
        patient_id=referral.patient_id,
        routes={referral.route, *referral.secondary_routes},
        without=hold_id,
        referral_id=referral.id,
        in_turn=in_turn,
        ahead=ahead.reading if ahead else None,
    )
    place, conflicts = checked.place, checked.conflicts
    if Conflict("red_flag_hold") in conflicts:
        raise slot_refused(session, place, conflicts)
    if not may_do("book", referral.state, "booked"):
        raise illegal_move(referral)
    if hold_id is not None:
        use_hold(session, actor, hold_id, referral, wish)
        conflicts = [found for found in conflicts if found.code not in WAITING_CONFLICTS]
    if conflicts and not (wish.overbook and only_overbooks(conflicts)):
        raise slot_refused(session, place, conflicts)
    appointment = new_appointment(session, referral, place, overbook=bool(conflicts))
    seat_appointment(session, appointment, place, without=hold_id, as_read=checked.seats, at_once=at_once)
    visit = announce(session, actor, appointment, place, referral)
    referral.site = place.site.id
    move_referral(
        session,
        actor,
        referral,
        "booked",
        deed="book",
        details={"appointment_id": str(appointment.id), "site": place.site.id},
        referred=checked.referred,
        calendar=calendar_at(place.records, place.site.id, now(session)),
    )
    failpoint("before_booking_commit")
    return visit


def new_appointment(session: Session, referral: Referral, place: Place, *, overbook: bool) -> Appointment:
    """Return the appointment as it will be stored; its room is known once it has seats."""
    moment = now(session)
    return Appointment(
        id=new_id(),
        version=1,
        revision=1,
        referral_id=referral.id,
        patient_id=referral.patient_id,
        visit_type_id=place.visit_type.id,
        route=referral.route,
        site_id=place.site.id,
        provider_id=place.provider.id,
        starts_at=place.starts_at,
        ends_at=place.starts_at + place.rules.length,
        state="booked",
        state_since=moment,
        booked_at=moment,
        first_starts_at=place.starts_at,
        overbooked=overbook,
        moves=0,
        confirmed_by_channel="",
        asks="",
    )


def seat_appointment(
    session: Session,
    appointment: Appointment,
    place: Place,
    *,
    without: UUID | None = None,
    as_read: tuple[list[int], str] | None = None,
    at_once: bool = False,
) -> None:
    """Take the seats of a new appointment and store it; raises the 409 with alternatives when they are gone.

    `as_read`: as in `take_seats`; `at_once`: as in `book_slot`. What changes on the appointment later in the
    transaction is not stored.
    """
    if at_once and as_read is not None and without is None and not appointment.overbooked:
        appointment.room_id = take_at_once(
            session,
            place.rules,
            appointment.id,
            provider_id=place.provider.id,
            starts_at=place.starts_at,
            as_read=as_read,
        )
        add_row(session, appointment)
        return
    # The seats point at the appointment, and its room is known only once a seat is found: checked at commit.
    try:
        appointment.room_id = take_seats(
            session,
            place.rules,
            Taker(appointment_id=appointment.id),
            provider_id=place.provider.id,
            site_id=place.site.id,
            starts_at=place.starts_at,
            overbook=appointment.overbooked,
            without=without,
            as_read=as_read,
        )
    except SeatsTaken:
        raise slot_refused(session, place, [Conflict("provider_taken")]) from None
    add_row(session, appointment)


def announce(
    session: Session, actor: Actor, appointment: Appointment, place: Place, referral: Referral
) -> Visit:
    """Note the booking in the visit's history and tell the listeners; return the visit."""
    note_change(session, actor, appointment, "book")
    room = place.records.rooms.get(appointment.room_id) or session.get_one(Room, appointment.room_id)
    visit = Visit(appointment, place.site, place.provider, room, place.visit_type, referral)
    emit(session, "appointment_booked", appointment.id, visit.facts_as(AppointmentBooked))
    return visit

"""Book a visit for a referral: seats, appointment, state and event in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.appointment import AppointmentBooked
from kernel.failpoints import failpoint
from kernel.ids import new_id
from kernel.outbox import emit
from kernel.web.problems import conflict, not_found
from services.referral.actions.check_slot import Place, find_place, slot_conflicts, slot_refused
from services.referral.actions.move_referral import illegal_move, move_referral
from services.referral.actions.note_change import note_change
from services.referral.actions.take_seats import SeatsTaken, Taker, take_seats
from services.referral.model.appointment import Appointment
from services.referral.model.referral import Referral
from services.referral.queries.appointments import Visit, live_visits_of_patient, read_visit
from services.referral.queries.referrals import find_referral
from services.referral.rules.referral_states import may_do


@dataclass(frozen=True, slots=True)
class Wish:
    """What to book: a visit type with a provider at a site, from `starts_at` on. `overbook` needs permission."""

    visit_type: str
    provider_id: str
    site_id: str
    starts_at: datetime
    overbook: bool = False


def book_slot(session: Session, actor: Actor, referral_id: UUID, wish: Wish) -> Visit:
    """Book the wish for the referral and return the visit (version 1). Everything or nothing.

    Raises 404; 422 for ids nobody knows; 409 `red_flag_hold` (with the phone to call), `illegal_move`, `wrong_route`,
    `second_visit`, `patient_busy`, `slot_taken` and `slot_not_offered` (with alternatives).
    """
    referral = find_referral(session, referral_id, lock=True)
    if referral is None:
        raise not_found("referral")
    place = find_place(
        session,
        visit_type=wish.visit_type,
        provider_id=wish.provider_id,
        site_id=wish.site_id,
        starts_at=wish.starts_at,
    )
    refuse_under_hold(session, referral.patient_id, place)
    if not may_do("book", referral.state, "booked"):
        raise illegal_move(referral)
    _refuse_other_route(referral, place)
    refuse_patient_conflict(session, referral.patient_id, place)
    conflicts = slot_conflicts(session, place)
    if conflicts and not (wish.overbook and set(conflicts) <= {"provider_taken"}):
        raise slot_refused(session, place, conflicts)
    moment = now(session)
    appointment = Appointment(
        id=new_id(),
        version=1,
        revision=1,
        referral_id=referral.id,
        patient_id=referral.patient_id,
        visit_type_id=place.visit_type.id,
        route=referral.route,
        site_id=place.site.id,
        provider_id=place.provider.id,
        room_id="",
        starts_at=wish.starts_at,
        ends_at=wish.starts_at + place.rules.length,
        state="booked",
        state_since=moment,
        booked_at=moment,
        first_starts_at=wish.starts_at,
        overbooked=bool(conflicts),
    )
    seat_appointment(session, appointment, place, overbook=bool(conflicts))
    note_change(session, actor, appointment, "book")
    session.flush()
    visit = read_visit(session, appointment.id)
    assert visit is not None
    emit(session, "appointment_booked", appointment.id, AppointmentBooked(**visit.facts().model_dump()))
    referral.site = place.site.id
    move_referral(
        session,
        actor,
        referral,
        "booked",
        deed="book",
        details={"appointment_id": str(appointment.id), "site": place.site.id},
    )
    failpoint("before_booking_commit")
    return visit


def seat_appointment(session: Session, appointment: Appointment, place: Place, *, overbook: bool) -> None:
    """Take the seats of a new appointment and store it; raises the 409 with alternatives when they are gone."""
    # The seats point at the appointment, and its room is known only once a seat is found: checked at commit.
    session.execute(text("SET CONSTRAINTS fk_seat_use_appointment_id DEFERRED"))
    try:
        appointment.room_id = take_seats(
            session,
            place.rules,
            Taker(appointment_id=appointment.id),
            provider_id=place.provider.id,
            site_id=place.site.id,
            starts_at=place.starts_at,
            overbook=overbook,
        )
    except SeatsTaken:
        raise slot_refused(session, place, ["provider_taken"]) from None
    session.add(appointment)


def refuse_under_hold(session: Session, patient_id: UUID, place: Place) -> None:
    """Raise 409 `red_flag_hold` while a red flag of this patient waits for a clinician, on whichever referral."""
    held = select(Referral.id).where(
        Referral.patient_id == patient_id, Referral.flagged, Referral.closed_at.is_(None)
    )
    if session.scalars(held.limit(1)).first() is not None:
        raise conflict(
            "red_flag_hold",
            "A clinician has to speak with this patient before anything is booked. Nothing was booked.",
            phone=place.site.phone,
        )


def refuse_patient_conflict(
    session: Session, patient_id: UUID, place: Place, *, without: UUID | None = None
) -> None:
    """Raise 409 when the patient has a visit of this type to come, or is elsewhere at that time.

    Bookings of one patient take turns, so two at once cannot both pass.
    """
    session.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"patient:{patient_id}"}
    )
    ends_at = place.starts_at + place.rules.length
    for visit in live_visits_of_patient(session, patient_id, now(session)):
        if visit.id == without:
            continue
        if visit.starts_at < ends_at and place.starts_at < visit.ends_at:
            raise conflict(
                "patient_busy",
                "The patient has another visit at that time. Nothing was booked.",
                appointment_id=str(visit.id),
            )
        if visit.visit_type_id == place.visit_type.id and visit.series_id is None and without is None:
            raise conflict(
                "second_visit",
                "The patient already has a visit of this type to come. Move that one instead; nothing was booked.",
                appointment_id=str(visit.id),
            )


def _refuse_other_route(referral: Referral, place: Place) -> None:
    routes = {referral.route, *referral.secondary_routes}
    if not routes & set(place.visit_type.routes):
        raise conflict(
            "wrong_route",
            "This type of visit does not serve the referral's route. Nothing was booked.",
            route=referral.route,
            visit_type_routes=list(place.visit_type.routes),
        )

"""Move a visit to another time, provider or site: one transaction, the same appointment, one version more."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.appointment import AppointmentMoved
from kernel.outbox import emit
from services.referral.actions.check_slot import (
    Checked,
    Conflict,
    Wish,
    check_slot,
    likely_place,
    only_overbooks,
    slot_refused,
)
from services.referral.actions.lock_visit import lock_visit, require_deed
from services.referral.actions.note_change import note_change, place_and_time
from services.referral.actions.offer_freed_slot import freed_by, offer_freed_slot
from services.referral.actions.take_seats import SeatsTaken, Taker, lock_providers, take_seats
from services.referral.model.appointment import Appointment
from services.referral.queries.appointments import Visit, read_visit


def move_appointment(
    session: Session, actor: Actor, appointment_id: UUID, wish: Wish, *, reason: str = "rescheduled"
) -> Visit:
    """Move the visit and return it. It keeps its id; its confirmation is void, and messages of older versions too.

    A move counts as a reschedule, never as a cancellation. Raises what `book_slot` raises, and 409 `illegal_state`.
    """
    appointment, referral = lock_visit(session, appointment_id)
    require_deed(appointment, "move")
    checked = check_slot(
        session,
        likely_place(session, wish),
        patient_id=appointment.patient_id,
        routes=None,
        without=appointment.id,
    )
    place, conflicts = checked.place, checked.conflicts
    if conflicts and not (wish.overbook and only_overbooks(conflicts)):
        raise slot_refused(session, place, conflicts)
    before, freed = place_and_time(appointment), freed_by(appointment)
    previous_starts_at = appointment.starts_at
    # The slot left behind may be offered to those who wait, which takes seats of its provider again.
    lock_providers(session, appointment.provider_id, place.provider.id)
    _reseat(session, appointment, checked)
    if referral is not None:
        referral.site = place.site.id
    appointment.version += 1
    appointment.moves += 1
    appointment.state, appointment.state_since = "booked", now(session)
    appointment.confirmed_at, appointment.confirmed_by_channel = None, ""
    appointment.asks, appointment.asks_since = "", None
    note_change(session, actor, appointment, "move", before=before, reason=reason)
    session.flush()
    visit = read_visit(session, appointment.id)
    assert visit is not None
    facts = visit.facts().model_dump()
    emit(
        session,
        "appointment_moved",
        appointment.id,
        AppointmentMoved(**facts, previous_starts_at=previous_starts_at),
    )
    session.flush()
    offer_freed_slot(session, freed)
    return visit


def _reseat(session: Session, appointment: Appointment, checked: Checked) -> None:
    place, overbook = checked.place, bool(checked.conflicts)
    try:
        room_id = take_seats(
            session,
            place.rules,
            Taker(appointment_id=appointment.id),
            provider_id=place.provider.id,
            site_id=place.site.id,
            starts_at=place.starts_at,
            overbook=overbook,
            without=appointment.id,
            as_read=checked.seats,
        )
    except SeatsTaken:
        raise slot_refused(session, place, [Conflict("provider_taken")]) from None
    appointment.room_id = room_id
    appointment.visit_type_id = place.visit_type.id
    appointment.site_id = place.site.id
    appointment.provider_id = place.provider.id
    appointment.starts_at = place.starts_at
    appointment.ends_at = place.starts_at + place.rules.length
    appointment.overbooked = overbook

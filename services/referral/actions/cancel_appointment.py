"""Cancel a visit: its seats are free at once, and the referral goes back to be booked with the attempt counted."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.appointment import AppointmentCancelled
from kernel.outbox import emit
from services.referral.actions.lock_visit import lock_visit, require_deed
from services.referral.actions.move_referral import move_referral
from services.referral.actions.note_change import note_change, place_and_time
from services.referral.actions.offer_freed_slot import freed_by, offer_freed_slot
from services.referral.actions.take_seats import give_back_seats
from services.referral.model.appointment import Appointment
from services.referral.model.referral import Referral
from services.referral.queries.appointments import LIVE_STATES
from services.referral.rules.appointment_reasons import CANCEL_REASONS, CLINIC_AWAY
from services.referral.rules.referral_states import may_do


def cancel_appointment(session: Session, actor: Actor, appointment_id: UUID, reason: str) -> Appointment:
    """Cancel the visit for a coded reason (rules/appointment_reasons.py) and return it. Raises 404 and 409."""
    appointment, referral = lock_visit(session, appointment_id)
    require_deed(appointment, "cancel")
    before = place_and_time(appointment)
    appointment.version += 1
    appointment.state, appointment.state_since = "cancelled", now(session)
    appointment.asks, appointment.asks_since = "", None
    give_back_seats(session, appointment.id, appointment.provider_id)
    note_change(session, actor, appointment, "cancel", before=before, reason=reason)
    emit(
        session,
        "appointment_cancelled",
        appointment.id,
        AppointmentCancelled(
            appointment_id=appointment.id,
            version=appointment.version,
            patient_id=appointment.patient_id,
            reason=reason,
            by="patient" if actor.kind == "patient" else CANCEL_REASONS[reason],
        ),
    )
    send_back_to_book(session, actor, appointment, referral, reason)
    session.flush()
    if reason not in CLINIC_AWAY:
        offer_freed_slot(session, freed_by(appointment))
    return appointment


def send_back_to_book(
    session: Session, actor: Actor, appointment: Appointment, referral: Referral | None, reason: str
) -> None:
    """Put the referral of a visit that fell through back to be booked, one attempt more.

    A referral that has moved on since stays where it is, and so does one with another visit still to come.
    """
    if referral is None or not may_do("cancel_visit", referral.state, "to_book"):
        return
    others = select(Appointment.id).where(
        Appointment.referral_id == referral.id,
        Appointment.id != appointment.id,
        Appointment.state.in_(LIVE_STATES),
    )
    if session.scalars(others.limit(1)).first() is not None:
        return
    referral.attempts += 1
    move_referral(
        session,
        actor,
        referral,
        "to_book",
        deed="cancel_visit",
        reason_code=reason,
        details={"appointment_id": str(appointment.id), "attempts": referral.attempts},
    )

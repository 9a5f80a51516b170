"""Check a patient in, or take that back."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from services.referral.actions.lock_visit import lock_visit, require_deed
from services.referral.actions.move_referral import move_referral
from services.referral.actions.note_change import note_change, place_and_time
from services.referral.model.appointment import Appointment
from services.referral.rules.referral_states import may_do


def check_in(session: Session, actor: Actor, appointment_id: UUID) -> Appointment:
    """Mark the patient as arrived; raises 404 and 409."""
    appointment, referral = lock_visit(session, appointment_id)
    require_deed(appointment, "check_in")
    before = place_and_time(appointment)
    appointment.state, appointment.state_since = "arrived", now(session)
    appointment.arrived_at = now(session)
    appointment.asks, appointment.asks_since = "", None
    note_change(session, actor, appointment, "check_in", before=before)
    if referral is not None and may_do("check_in", referral.state, "arrived"):
        move_referral(session, actor, referral, "arrived", deed="check_in")
    return appointment


def undo_check_in(session: Session, actor: Actor, appointment_id: UUID) -> Appointment:
    """Take back a check-in made by mistake; the confirmation the patient gave stands. Raises 404 and 409."""
    appointment, referral = lock_visit(session, appointment_id)
    require_deed(appointment, "undo_check_in")
    before = place_and_time(appointment)
    appointment.state = "confirmed" if appointment.confirmed_at else "booked"
    appointment.state_since = now(session)
    appointment.arrived_at = None
    note_change(session, actor, appointment, "undo_check_in", before=before)
    if referral is not None and may_do("undo_check_in", referral.state, "booked"):
        move_referral(session, actor, referral, "booked", deed="undo_check_in")
    return appointment

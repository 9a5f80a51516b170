"""Record what became of a visit. Only a person says that somebody did not come."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.appointment import AppointmentOutcomeRecorded
from kernel.outbox import emit
from kernel.web.problems import conflict
from services.referral.actions.cancel_appointment import send_back_to_book
from services.referral.actions.lock_visit import lock_visit, require_deed
from services.referral.actions.move_referral import move_referral
from services.referral.actions.note_change import note_change, place_and_time
from services.referral.model.appointment import Appointment
from services.referral.rules.referral_states import may_do


def record_outcome(
    session: Session, actor: Actor, appointment_id: UUID, outcome: str, *, note: str = ""
) -> Appointment:
    """Record `attended` or `no_show` and return the visit.

    Attended brings the referral to `attended` (closing it needs more); a no-show sends it back to be booked with the
    attempt counted. Raises 404; 409 `illegal_state`, and `not_yet` before the visit was due to start.
    """
    appointment, referral = lock_visit(session, appointment_id)
    require_deed(appointment, "outcome")
    if now(session) < appointment.starts_at and (outcome == "no_show" or appointment.state != "arrived"):
        raise conflict("not_yet", "The visit has not started yet. Nothing was changed.")
    before = place_and_time(appointment)
    appointment.state, appointment.state_since = outcome, now(session)
    appointment.asks, appointment.asks_since = "", None
    note_change(session, actor, appointment, "record_outcome", before=before, reason=outcome, note=note)
    tell_outcome(session, appointment)
    if outcome == "no_show":
        send_back_to_book(session, actor, appointment, referral, "no_show")
    elif referral is not None and may_do("attend", referral.state, "attended"):
        move_referral(
            session,
            actor,
            referral,
            "attended",
            deed="attend",
            details={"appointment_id": str(appointment.id)},
        )
    return appointment


def tell_outcome(session: Session, appointment: Appointment) -> None:
    """Tell the listeners what became of the visit, as it stands now."""
    facts = AppointmentOutcomeRecorded(
        appointment_id=appointment.id,
        version=appointment.version,
        referral_id=appointment.referral_id,
        patient_id=appointment.patient_id,
        outcome=appointment.state,
    )
    emit(session, "appointment_outcome_recorded", appointment.id, facts)

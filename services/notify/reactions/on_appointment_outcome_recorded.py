"""A visit took place, or the patient did not come."""

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.contracts.appointment import AppointmentOutcomeRecorded
from kernel.events import Event
from services.notify.actions.lock_appointment import lock_appointment
from services.notify.actions.plan_after_visit import plan_after_visit
from services.notify.actions.withdraw_messages import withdraw_messages


def on_appointment_outcome_recorded(session: Session, event: Event) -> None:
    """Withdraw what speaks of the visit as ahead, and plan what follows it."""
    heard = AppointmentOutcomeRecorded.model_validate(event.data)
    row = lock_appointment(session, heard.appointment_id, heard.patient_id)
    if row.version > heard.version or row.state == heard.outcome:
        return
    withdraw_messages(session, row.id, heard.version, heard.outcome)
    row.version, row.state, row.changed_at = heard.version, heard.outcome, now(session)
    session.flush()
    plan_after_visit(session, row)

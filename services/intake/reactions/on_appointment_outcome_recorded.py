"""A visit changed: the patient's status page shows it."""

from sqlalchemy.orm import Session

from kernel.contracts.appointment import AppointmentOutcomeRecorded
from kernel.events import Event
from services.intake.actions.close_visit import close_visit


def on_appointment_outcome_recorded(session: Session, event: Event) -> None:
    """Keep what the status page shows of the visit."""
    told = AppointmentOutcomeRecorded.model_validate(event.data)
    close_visit(session, told, told.outcome)

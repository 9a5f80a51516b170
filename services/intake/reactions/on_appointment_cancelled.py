"""A visit changed: the patient's status page shows it."""

from sqlalchemy.orm import Session

from kernel.contracts.appointment import AppointmentCancelled
from kernel.events import Event
from services.intake.actions.close_visit import close_visit


def on_appointment_cancelled(session: Session, event: Event) -> None:
    """Keep what the status page shows of the visit."""
    close_visit(session, AppointmentCancelled.model_validate(event.data), "cancelled")

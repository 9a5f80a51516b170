"""A visit changed: the patient's status page shows it."""

from sqlalchemy.orm import Session

from kernel.contracts.appointment import AppointmentBooked
from kernel.events import Event
from services.intake.actions.follow_visit import follow_visit


def on_appointment_booked(session: Session, event: Event) -> None:
    """Keep what the status page shows of the visit."""
    follow_visit(session, AppointmentBooked.model_validate(event.data))

"""A contact point stopped taking messages: staff see it on the patient."""

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from kernel.contracts.contact_opt import ContactOpted
from kernel.events import Event
from services.intake.model import Patient


def on_contact_opted_out(session: Session, event: Event) -> None:
    """Note the channel on every patient who shares the contact point."""
    told = ContactOpted.model_validate(event.data)
    without = func.array_remove(Patient.opted_out, told.channel)
    session.execute(
        update(Patient)
        .where(Patient.id.in_(told.patient_ids))
        .values(opted_out=func.array_append(without, told.channel))
    )

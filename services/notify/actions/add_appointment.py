"""Keep an appointment that is heard of for the first time: written whole, in one statement."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.contracts.appointment import AppointmentFacts
from services.notify.model import Appointment


def add_appointment(session: Session, facts: AppointmentFacts, changed_at: datetime) -> Appointment | None:
    """Return the booked appointment, now this transaction's own; None when something was heard of it before.

    `changed_at`: when this version came to be. What is returned is a copy: changes to it are not written.
    """
    row = {
        "id": facts.appointment_id,
        "version": facts.version,
        "patient_id": facts.patient_id,
        "state": "booked",
        "facts": facts.model_dump(mode="json") | {"changed_at": changed_at.isoformat()},
        "starts_at": facts.starts_at,
        "changed_at": now(session),
    }
    added = insert(Appointment).values(**row).on_conflict_do_nothing().returning(Appointment.id)
    return None if session.execute(added).scalar() is None else Appointment(**row)

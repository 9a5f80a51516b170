"""Keep the newest version heard of an appointment."""

from typing import Any

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.contracts.appointment import AppointmentFacts
from services.notify.model import Appointment


def keep_appointment(session: Session, row: Appointment, facts: AppointmentFacts, changed_at: Any) -> None:
    """Write a booked version into the locked `row`. `changed_at`: when this version came to be."""
    row.version = facts.version
    row.state = "booked"
    row.starts_at = facts.starts_at
    row.changed_at = now(session)
    row.facts = facts.model_dump(mode="json") | {"changed_at": changed_at.isoformat()}
    session.flush()

"""Keep the newest version heard of an appointment; events may come late, twice and in any order."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.contracts.appointment import AppointmentFacts
from services.notify.model import Appointment


def lock_appointment(session: Session, appointment_id: UUID, patient_id: UUID) -> Appointment:
    """Return the locked row of an appointment, a new one of version 0 when nothing was heard of it yet."""
    session.execute(
        insert(Appointment)
        .values(id=appointment_id, version=0, patient_id=patient_id, state="booked", changed_at=now(session))
        .on_conflict_do_nothing()
    )
    same = select(Appointment).where(Appointment.id == appointment_id)
    return session.scalars(same.with_for_update().execution_options(populate_existing=True)).one()


def keep_facts(session: Session, row: Appointment, facts: AppointmentFacts, changed_at: Any) -> None:
    """Write a booked version into the locked `row`. `changed_at`: when this version came to be."""
    row.version = facts.version
    row.state = "booked"
    row.starts_at = facts.starts_at
    row.changed_at = now(session)
    row.facts = facts.model_dump(mode="json") | {"changed_at": changed_at.isoformat()}
    session.flush()

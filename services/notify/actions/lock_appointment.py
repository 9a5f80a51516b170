"""Take an appointment's row for this transaction; events may come late, twice and in any order."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
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

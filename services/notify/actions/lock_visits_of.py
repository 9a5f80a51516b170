"""Take the coming visits of some patients for this transaction: visits are locked before their messages, everywhere."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from services.notify.model import Appointment


def lock_visits_of(session: Session, patient_ids: Collection[UUID]) -> Sequence[Appointment]:
    """Return each booked visit of `patient_ids` that lies ahead, locked in the order of their ids."""
    ahead = (
        select(Appointment)
        .where(
            Appointment.patient_id.in_(patient_ids),
            Appointment.state == "booked",
            Appointment.starts_at > now(session),
        )
        .order_by(Appointment.id)
        .with_for_update()
    )
    return session.scalars(ahead).all()

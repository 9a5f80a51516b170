"""Plan again every coming visit of some patients, because how they can be reached has changed."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from services.notify.actions.plan_visit import plan_visit
from services.notify.model import Appointment


def plan_visits_of(session: Session, patient_ids: Sequence[UUID]) -> None:
    """Plan each booked visit of `patient_ids` that lies ahead, in the order of their ids."""
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
    for appointment in session.scalars(ahead).all():
        plan_visit(session, appointment)

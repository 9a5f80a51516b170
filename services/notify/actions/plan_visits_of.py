"""Plan again every coming visit of some patients, because how they can be reached has changed."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from services.notify.actions.lock_visits_of import lock_visits_of
from services.notify.actions.plan_visit import plan_visit


def plan_visits_of(session: Session, patient_ids: Sequence[UUID]) -> None:
    """Plan each booked visit of `patient_ids` that lies ahead, in the order of their ids."""
    for appointment in lock_visits_of(session, patient_ids):
        plan_visit(session, appointment)

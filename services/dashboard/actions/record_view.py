"""Record that a member of staff opened a page about a patient."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from services.dashboard.model import PatientView


def record_view(
    session: Session, actor: Actor, *, patient_id: UUID, referral_id: UUID | None, page: str
) -> None:
    """Add one row. The row is the audit entry of this read: who, whom, when, which page."""
    session.add(
        PatientView(
            id=new_id(),
            at=now(session),
            staff_id=UUID(actor.id),
            patient_id=patient_id,
            referral_id=referral_id,
            page=page,
        )
    )

"""Staff spoke with a patient: a reminder on its heels would be noise."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor

SPOKEN = "UPDATE patient SET told_by_staff_at = :now WHERE id = :id RETURNING id"


def record_contact(session: Session, actor: Actor, patient_id: UUID) -> bool:
    """Remember that `actor` spoke with the patient just now; False when we do not know the patient."""
    known = session.execute(text(SPOKEN), {"now": now(session), "id": patient_id}).scalar()
    if known is None:
        return False
    record(session, actor, "speak_with_patient", "patient", patient_id)
    return True

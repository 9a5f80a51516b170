"""An identifier was entered by mistake: it is taken away again."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from services.intake.model import Patient
from services.intake.queries.identifiers import identifiers_of


def remove_identifier(session: Session, actor: Actor, patient: Patient, identifier_id: UUID) -> bool:
    """Take away an identifier that was entered by mistake; False when the person has none of that id."""
    rows = {row.id: row for row in identifiers_of(session, patient.id)}
    row = rows.get(identifier_id)
    if row is None:
        return False
    session.delete(row)
    patient.version += 1
    patient.updated_at = now(session)
    record(session, actor, "remove_identifier", "patient", patient.id)
    return True

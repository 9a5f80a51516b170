"""Tell the other services whom records stand under now."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.contracts.patient_merge import PatientsMerged
from kernel.outbox import emit
from services.intake.model import Patient

# Whatever was merged into it before, also over several steps, goes with it.
UNDER = """
WITH RECURSIVE under AS (
    SELECT id FROM patient WHERE merged_into = :record
    UNION SELECT patient.id FROM patient JOIN under ON patient.merged_into = under.id)
SELECT id FROM under ORDER BY id
"""


def tell_merge(session: Session, event_type: str, patient: Patient, stands_under: UUID) -> None:
    """Emit `event_type` (patients_merged, patients_unmerged) for `patient` and all under it."""
    session.flush()
    under = list(session.scalars(text(UNDER), {"record": patient.id}))
    emit(
        session,
        event_type,
        patient.id,
        PatientsMerged(
            record_id=patient.id,
            version=patient.version,
            patient_id=stands_under,
            records=(patient.id, *under),
            decided_at=now(session),
        ),
    )

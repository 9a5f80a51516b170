"""Two records are one person: the newer points to the older, and nothing of either is lost."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from services.intake.actions.tell_merge import tell_merge
from services.intake.model import Patient
from services.intake.queries.patients import patient_of


class CannotMerge(Exception):
    """The records cannot be made one: the same record twice, or one that was merged before."""


def merge_patients(session: Session, actor: Actor, patient: Patient, into: UUID) -> Patient:
    """Make `patient` point to `into`; its submissions keep their own record, so it can be undone.

    Returns the record that stays. Raises `CannotMerge`.
    """
    kept = patient_of(session, into)
    if kept is None or kept.id == patient.id or patient.merged_into is not None:
        raise CannotMerge("not two records")
    patient.merged_into = kept.id
    patient.version += 1
    patient.updated_at = now(session)
    record(session, actor, "merge_patients", "patient", patient.id, details={"into": str(kept.id)})
    record(session, actor, "merge_patients", "patient", kept.id, details={"from": str(patient.id)})
    tell_merge(session, "patients_merged", patient, kept.id)
    return kept

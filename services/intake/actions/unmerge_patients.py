"""A merge was a mistake: the record stands on its own again."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from services.intake.actions.tell_merge import tell_merge
from services.intake.model import Patient


class NotMerged(Exception):
    """The record stands on its own already."""


def unmerge_patients(session: Session, actor: Actor, patient: Patient) -> None:
    """Undo the merge of `patient`; raises `NotMerged`."""
    if patient.merged_into is None:
        raise NotMerged("not merged")
    kept = patient.merged_into
    patient.merged_into = None
    patient.version += 1
    patient.updated_at = now(session)
    record(session, actor, "unmerge_patients", "patient", patient.id, details={"from": str(kept)})
    record(session, actor, "unmerge_patients", "patient", kept, details={"released": str(patient.id)})
    tell_merge(session, "patients_unmerged", patient, patient.id)

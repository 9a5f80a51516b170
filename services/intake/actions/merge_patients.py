"""Two records are one person: the newer points to the older, and nothing of either is lost."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from services.intake.actions.tell_merge import tell_merge
from services.intake.model import Patient
from services.intake.queries.identifiers import different_systems
from services.intake.queries.patients import patient_of


class CannotMerge(Exception):
    """The records cannot be made one: the same record twice, or one that was merged before."""


class DifferentIdentifiers(CannotMerge):
    """In `systems` the two have different identifiers: they are two people, or one was entered wrong."""

    def __init__(self, systems: list[str]) -> None:
        super().__init__(f"different identifiers of {len(systems)} systems")
        self.systems = systems


def merge_patients(session: Session, actor: Actor, patient: Patient, into: UUID) -> Patient:
    """Make `patient` point to `into`; its submissions keep their own record, so it can be undone.

    Returns the record that stays. Raises `CannotMerge`,
    `DifferentIdentifiers` among it.
    """
    kept = patient_of(session, into)
    if kept is None or kept.id == patient.id or patient.merged_into is not None:
        raise CannotMerge("not two records")
    if systems := different_systems(session, patient.id, kept.id):
        raise DifferentIdentifiers(systems)
    patient.merged_into = kept.id
    patient.version += 1
    patient.updated_at = now(session)
    record(session, actor, "merge_patients", "patient", patient.id, details={"into": str(kept.id)})
    record(session, actor, "merge_patients", "patient", kept.id, details={"from": str(patient.id)})
    tell_merge(session, "patients_merged", patient, kept.id)
    return kept

"""Staff note a number a patient is kept under; somebody else with the same one is put before a person."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from services.intake.actions.look_for_others import look_for_others
from services.intake.model import Patient, PatientIdentifier
from services.intake.queries.identifiers import Identifier, identifiers_of


def set_identifier(session: Session, actor: Actor, patient: Patient, identifier: Identifier) -> None:
    """Keep `identifier` as the person's one of its system, in place of an earlier one.

    It stands on the record in force alone: a merged one keeps what it came with, should the two part again.

    The audit says that it was set or corrected, never the number. Whoever else has it becomes a match case.
    """
    indexes, moment = identifier.indexes, now(session)
    rows = [row for row in identifiers_of(session, patient.id) if row.system_index == indexes.system]
    if rows and all(row.value_index == indexes.value for row in rows):
        return
    row = next((row for row in rows if row.patient_id == patient.id), None)
    if row is None:
        row = PatientIdentifier(id=new_id(), patient_id=patient.id, system_index=indexes.system)
        session.add(row)
    row.value_index = indexes.value
    row.set_at, row.set_by = moment, f"{actor.kind}:{actor.id}"
    row.held = {"system": identifier.system.reveal(), "value": identifier.value.reveal()}
    patient.version += 1
    patient.updated_at = moment
    session.flush()
    record(session, actor, "set_identifier", "patient", patient.id)
    look_for_others(session, actor, patient, [identifier], again=True)

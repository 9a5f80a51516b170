"""Keep the identifiers somebody came with, in systems nothing is known of yet."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from kernel.rows import add_row
from services.intake.model import PatientIdentifier
from services.intake.queries.identifiers import Identifier, identifiers_of


def add_identifiers(
    session: Session, actor: Actor, patient_id: UUID, identifiers: Iterable[Identifier]
) -> bool:
    """Keep those whose system the person has no identifier of; True when there were any.

    One that is known already is never replaced by what a letter or a program says: only staff correct it. That another
    one of its system was named is noted in the audit.
    """
    given = {one.indexes: one for one in identifiers}
    if not given:
        return False
    held = identifiers_of(session, patient_id)
    known = {row.system_index for row in held}
    values = {(row.system_index, row.value_index) for row in held}
    added = different = 0
    for indexes, one in given.items():
        if indexes.system in known:
            different += (indexes.system, indexes.value) not in values
            continue
        known.add(indexes.system)
        row = PatientIdentifier(
            id=new_id(),
            patient_id=patient_id,
            system_index=indexes.system,
            value_index=indexes.value,
            set_at=now(session),
            set_by=f"{actor.kind}:{actor.id}",
        )
        row.held = {"system": one.system.reveal(), "value": one.value.reveal()}
        add_row(session, row)
        added += 1
    if added or different:
        details = {"added": added, "different": different}
        record(session, actor, "add_identifiers", "patient", patient_id, details=details)
    return added > 0

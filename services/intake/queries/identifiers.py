"""The identifiers people are kept under, their merged records' with them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.keyring import keyring
from kernel.personal import Personal
from kernel.rows import cursor
from services.intake.model import Patient, PatientIdentifier
from services.intake.queries.records_of import records_of
from services.intake.rules.identifiers import Indexes, compare, folded

# From each record down to all that was merged into it; what its own number of a system replaced there is old.
UNDER = """
WITH RECURSIVE under (root, id) AS (
    SELECT known, known FROM unnest($1::uuid[]) AS known
    UNION SELECT under.root, patient.id FROM patient JOIN under ON patient.merged_into = under.id)
SELECT under.root, held.system_index, held.value_index
FROM under JOIN patient_identifier AS held ON held.patient_id = under.id
WHERE held.patient_id = under.root OR NOT EXISTS (
    SELECT FROM patient_identifier AS own
    WHERE own.patient_id = under.root AND own.system_index = held.system_index
        AND own.value_index <> held.value_index)
"""
# From whatever record a value stands on up to the one in force.
KEPT_UNDER = """
WITH RECURSIVE up (id, merged_into) AS (
    SELECT patient.id, patient.merged_into
    FROM patient JOIN patient_identifier AS held ON held.patient_id = patient.id
    WHERE (held.system_index, held.value_index) IN (SELECT * FROM unnest($1::bytea[], $2::bytea[]))
    UNION SELECT patient.id, patient.merged_into FROM patient JOIN up ON patient.id = up.merged_into)
SELECT id FROM up WHERE merged_into IS NULL ORDER BY id LIMIT $3
"""
MOST_FOUND = 50


@dataclass(frozen=True, slots=True)
class Identifier:
    """`system` is a URI that says who keeps the number; even which ones a patient has is personal."""

    system: Personal[str]
    value: Personal[str]

    @property
    def indexes(self) -> Indexes:
        """Blind indexes of the system and of the folded value."""
        system = keyring().blind_index("identifier_system", self.system.reveal())
        return Indexes(system, _value_index(self.value.reveal()))


def _value_index(value: str) -> bytes:
    return keyring().blind_index("identifier", folded(value))


def identifiers_of(session: Session, patient_id: UUID) -> list[PatientIdentifier]:
    """The identifiers of a person, of all their records, oldest first.

    A merged record's is old when the record in force has another one of its system: it counts again once they part.
    """
    found = select(PatientIdentifier).where(records_of(PatientIdentifier.patient_id, patient_id))
    held = list(session.scalars(found.order_by(PatientIdentifier.id)))
    if len({row.patient_id for row in held}) < 2:
        return held
    in_force = session.scalars(
        select(Patient.id).where(records_of(Patient.id, patient_id), Patient.merged_into.is_(None))
    ).one()
    own = {row.system_index: row.value_index for row in held if row.patient_id == in_force}
    return [row for row in held if own.get(row.system_index, row.value_index) == row.value_index]


def indexes_of(session: Session, patient_ids: Sequence[UUID]) -> Mapping[UUID, list[Indexes]]:
    """The indexes of each of the records (in force), by its id; those without any are left out."""
    found: dict[UUID, list[Indexes]] = {}
    for row in cursor(session).execute(UNDER, [list(patient_ids)]).fetchall() if patient_ids else ():
        found.setdefault(row.root, []).append(Indexes(row.system_index, row.value_index))
    return found


def kept_under(session: Session, identifiers: Iterable[Indexes]) -> list[UUID]:
    """The records in force that have one of the identifiers, themselves or by a merged one."""
    wanted = list(identifiers)
    if not wanted:
        return []
    values: list[Any] = [[one.system for one in wanted], [one.value for one in wanted], MOST_FOUND]
    return [row.id for row in cursor(session).execute(KEPT_UNDER, values).fetchall()]


def kept_under_value(session: Session, value: str) -> Sequence[UUID]:
    """The records a value stands on, in whatever system; for staff who search by a number."""
    found = select(PatientIdentifier.patient_id).where(PatientIdentifier.value_index == _value_index(value))
    return session.scalars(found.limit(MOST_FOUND)).all()


def different_systems(session: Session, one: UUID, other: UUID) -> list[str]:
    """The systems in which two people have different identifiers, as URIs, sorted."""
    held = indexes_of(session, [one, other])
    _, different = compare(held.get(one, ()), held.get(other, ()))
    return sorted({system for row, system, _ in words_of(session, one) if row in different})


def words_of(session: Session, patient_id: UUID) -> list[tuple[bytes, str, str]]:
    """System index, system and value of each identifier of a person, in words."""
    found = []
    for row in identifiers_of(session, patient_id):
        held = row.held.reveal() if row.held else {}
        found.append((row.system_index, str(held.get("system", "")), str(held.get("value", ""))))
    return found

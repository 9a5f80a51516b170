"""Known records that may be a person: found by blind indexes, compared field by field, nothing opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.rows import cursor
from services.intake.model import Patient
from services.intake.queries.identifiers import indexes_of, kept_under
from services.intake.rules.identifiers import Indexes, compare
from services.intake.rules.identity import Likeness

MOST_COMPARED = 50
SIMILAR = """
SELECT id, given_index, family_index, birth_index, postcode_index, phone_index FROM patient
WHERE merged_into IS NULL AND (phone_index = $1
    OR (birth_index = $2 AND (given_index = $3 OR family_index = $4)))
ORDER BY id LIMIT $5
"""
BY_ID = """
SELECT id, given_index, family_index, birth_index, postcode_index, phone_index FROM patient
WHERE id = ANY($1::uuid[]) ORDER BY id
"""


@dataclass(frozen=True)
class FactIndexes:
    """Blind indexes of who somebody says the patient is."""

    given: bytes
    family: bytes
    birth: bytes
    phone: bytes | None
    postcode: bytes | None
    identifiers: tuple[Indexes, ...] = ()


def similar_patients(session: Session, facts: FactIndexes) -> list[Likeness]:
    """Records that can reach the marks of `rules.identity`: the same phone or identifier, or birth date with a name.

    Every way in has an index, however many patients there are. Identifiers are asked for when there are any.
    """
    values = (facts.phone, facts.birth, facts.given, facts.family, MOST_COMPARED)
    rows = cursor(session).execute(SIMILAR, values).fetchall()
    if facts.identifiers:
        found = {row.id for row in rows}
        others = [one for one in kept_under(session, facts.identifiers) if one not in found]
        rows += cursor(session).execute(BY_ID, [others]).fetchall() if others else []
    return _likenesses(session, rows, facts)


def likenesses_to(session: Session, patient: Patient, others: Sequence[UUID]) -> list[Likeness]:
    """How alike the records `others` (in force) are to `patient`, who is known."""
    facts = FactIndexes(
        patient.given_index,
        patient.family_index,
        patient.birth_index,
        patient.phone_index,
        patient.postcode_index,
        tuple(indexes_of(session, [patient.id]).get(patient.id, ())),
    )
    return _likenesses(session, cursor(session).execute(BY_ID, [list(others)]).fetchall(), facts)


def _likenesses(session: Session, rows: Sequence[Any], facts: FactIndexes) -> list[Likeness]:
    held = indexes_of(session, [row.id for row in rows]) if facts.identifiers else {}
    return [_likeness(row, facts, held.get(row.id, ())) for row in rows]


def _likeness(known: Any, facts: FactIndexes, held: Sequence[Indexes]) -> Likeness:
    pairs = (
        ("given_name", known.given_index, facts.given),
        ("family_name", known.family_index, facts.family),
        ("birth_date", known.birth_index, facts.birth),
        ("postcode", known.postcode_index, facts.postcode),
    )
    same, different = compare(facts.identifiers, held)
    return Likeness(
        known.id,
        tuple(name for name, theirs, ours in pairs if theirs is not None and theirs == ours),
        facts.phone is not None and known.phone_index == facts.phone,
        identifier_equal=bool(same),
        identifier_differs=bool(different),
    )

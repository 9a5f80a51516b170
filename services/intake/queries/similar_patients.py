"""Known records that may be a person: found by blind indexes, compared field by field, nothing opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.journey import Question
from kernel.rows import cursor
from services.intake.model import Patient
from services.intake.queries.identifiers import indexes_of, kept_under
from services.intake.rules.identifiers import Indexes, compare
from services.intake.rules.identity import Likeness

MOST_COMPARED = 50
# Merged records too: a number, a name or a postcode somebody came with once is theirs still.
SIMILAR = """
SELECT id, given_index, family_index, birth_index, postcode_index, phone_index, id AS root,
    merged_into IS NOT NULL OR EXISTS (SELECT FROM patient AS other WHERE other.merged_into = patient.id) AS joined
FROM patient WHERE phone_index = $1 OR (birth_index = $2 AND (given_index = $3 OR family_index = $4))
ORDER BY merged_into IS NOT NULL, id LIMIT $5
"""
# From the records found up to the ones in force, and from those down to all that was merged into them.
WHOLE = """
WITH RECURSIVE up (id, merged_into) AS (
    SELECT id, merged_into FROM patient WHERE id = ANY($1::uuid[])
    UNION SELECT patient.id, patient.merged_into FROM patient JOIN up ON patient.id = up.merged_into),
down (root, id) AS (
    SELECT id, id FROM up WHERE merged_into IS NULL
    UNION SELECT down.root, patient.id FROM patient JOIN down ON patient.merged_into = down.id)
SELECT patient.id, given_index, family_index, birth_index, postcode_index, phone_index, down.root
FROM down JOIN patient ON patient.id = down.id ORDER BY down.root, patient.id
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


def similar_patients(
    session: Session, facts: FactIndexes, *, behind: Sequence[Question] = ()
) -> list[Likeness]:
    """People who can reach the marks of `rules.identity`, by their record in force: the same phone or identifier, or
    birth date with a name, on it or on one merged into it, for as long as it is.

    Every way in has an index, however many patients there are. Identifiers are asked for when there are any. `behind`:
    locks to take first, in the same journey; what is found is then what stands behind them.
    """
    values = (facts.phone, facts.birth, facts.given, facts.family, MOST_COMPARED)
    rows = cursor(session).ask([*behind, (SIMILAR, values)])[-1].fetchall()
    found = {row.id for row in rows}
    more = [row.id for row in rows if row.joined]
    more += [one for one in kept_under(session, facts.identifiers) if one not in found]
    if more:
        # Whoever stands on several records is compared by all of them.
        rows = [row for row in rows if not row.joined]
        rows += cursor(session).execute(WHOLE, [more]).fetchall()
    return _likenesses(session, rows, facts)


def likenesses_to(session: Session, patient: Patient, others: Sequence[UUID]) -> list[Likeness]:
    """How alike the people `others` (records in force) are to `patient`, who is known."""
    facts = FactIndexes(
        patient.given_index,
        patient.family_index,
        patient.birth_index,
        patient.phone_index,
        patient.postcode_index,
        tuple(indexes_of(session, [patient.id]).get(patient.id, ())),
    )
    return _likenesses(session, cursor(session).execute(WHOLE, [list(others)]).fetchall(), facts)


def _likenesses(session: Session, rows: Sequence[Any], facts: FactIndexes) -> list[Likeness]:
    people: dict[UUID, list[Any]] = {}
    for row in rows:
        people.setdefault(row.root, []).append(row)
    held = indexes_of(session, list(people)) if facts.identifiers else {}
    return [_likeness(root, records, facts, held.get(root, ())) for root, records in people.items()]


def _likeness(root: UUID, records: Sequence[Any], facts: FactIndexes, held: Sequence[Indexes]) -> Likeness:
    asked = (
        ("given_name", "given_index", facts.given),
        ("family_name", "family_index", facts.family),
        ("birth_date", "birth_index", facts.birth),
        ("postcode", "postcode_index", facts.postcode),
        ("phone", "phone_index", facts.phone),
    )
    equal = [
        name
        for name, column, ours in asked
        if ours is not None and any(getattr(record, column) == ours for record in records)
    ]
    same, different = compare(facts.identifiers, held)
    return Likeness(
        root,
        tuple(name for name in equal if name != "phone"),
        "phone" in equal,
        identifier_equal=bool(same),
        identifier_differs=bool(different),
    )

"""Finding patients by blind indexes, then by reading the few that were found."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.keyring import keyring
from services.intake.model import Patient, Submission
from services.intake.queries.identifiers import kept_under_value
from services.intake.queries.records_of import records_of
from services.intake.rules.search_words import LONGEST, asked_words, folded


def find_patients(session: Session, query: str, limit: int) -> list[Patient]:
    """Patients who have the whole `query` as an identifier, then those with every word of it (see `search_words`),
    newest first. What stands on a merged record alone finds the one it was merged into.
    """
    by_number = _by_number(session, query, limit)
    words = asked_words(query)
    if not words:
        return by_number
    keys = [keyring().blind_index("search", word) for word in words]
    rows = session.scalars(
        select(Patient).where(Patient.search_keys.contains(keys)).order_by(Patient.id.desc()).limit(limit * 4)
    ).all()
    long_words = [piece for piece in folded(query).split() if len(piece) > LONGEST and not piece.isdigit()]
    named = [patient_of(session, row.id) for row in rows if _has(row, long_words)]
    return list(dict.fromkeys([*by_number, *(one for one in named if one is not None)]))[:limit]


def _by_number(session: Session, query: str, limit: int) -> list[Patient]:
    if not any(c.isdigit() for c in query):
        return []
    found = {
        patient.id: patient
        for one in kept_under_value(session, query)
        if (patient := patient_of(session, one)) is not None
    }
    return list(found.values())[:limit]


def _has(patient: Patient, long_words: list[str]) -> bool:
    """Words longer than the stored beginnings are compared on the names themselves."""
    if not long_words:
        return True
    given, family = patient.given_name, patient.family_name
    names = folded(f"{given.reveal() if given else ''} {family.reveal() if family else ''}").split()
    return all(any(name.startswith(word) for name in names) for word in long_words)


def submissions_of(session: Session, patient_id: UUID) -> list[Submission]:
    """Submissions of a patient and of records merged into theirs, newest first."""
    found = select(Submission).where(records_of(Submission.patient_id, patient_id))
    return list(session.scalars(found.order_by(Submission.started_at.desc()).limit(100)))


def patient_of(session: Session, patient_id: UUID) -> Patient | None:
    """Return the record in force for `patient_id`, following merges."""
    patient = session.get(Patient, patient_id)
    while patient is not None and patient.merged_into is not None:
        patient = session.get(Patient, patient.merged_into)
    return patient

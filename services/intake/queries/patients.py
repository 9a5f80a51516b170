"""Finding patients by blind indexes, then by reading the few that were found."""

from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kernel.keyring import keyring
from services.intake.model import Patient, Submission
from services.intake.rules.search_words import LONGEST, asked_words, folded


def find_patients(session: Session, query: str, limit: int) -> list[Patient]:
    """Patients that have every word of `query` (see `search_words`), newest first."""
    words = asked_words(query)
    if not words:
        return []
    keys = [keyring().blind_index("search", word) for word in words]
    found = select(Patient).where(Patient.search_keys.contains(keys), Patient.merged_into.is_(None))
    rows = session.scalars(found.order_by(Patient.id.desc()).limit(limit * 4)).all()
    long_words = [piece for piece in folded(query).split() if len(piece) > LONGEST and not piece.isdigit()]
    return [row for row in rows if _has(row, long_words)][:limit]


def _has(patient: Patient, long_words: list[str]) -> bool:
    """Words longer than the stored beginnings are compared on the names themselves."""
    if not long_words:
        return True
    given, family = patient.given_name, patient.family_name
    names = folded(f"{given.reveal() if given else ''} {family.reveal() if family else ''}").split()
    return all(any(name.startswith(word) for name in names) for word in long_words)


def submissions_of(session: Session, patient_id: UUID) -> list[Submission]:
    """Submissions of a patient and of records merged into theirs, newest first."""
    mine = select(Patient.id).where(or_(Patient.id == patient_id, Patient.merged_into == patient_id))
    found = select(Submission).where(Submission.patient_id.in_(mine))
    return list(session.scalars(found.order_by(Submission.started_at.desc()).limit(100)))


def patient_of(session: Session, patient_id: UUID) -> Patient | None:
    """Return the record in force for `patient_id`, following merges."""
    patient = session.get(Patient, patient_id)
    while patient is not None and patient.merged_into is not None:
        patient = session.get(Patient, patient.merged_into)
    return patient

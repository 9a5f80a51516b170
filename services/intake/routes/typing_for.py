"""Whether a member of staff types on the patient's pages, and for whom."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from services.intake.model import Patient, PatientLink, Submission
from services.intake.routes.answering import who_types


@dataclass(frozen=True)
class TypingFor:
    """The patient, and how they give their answers: phone or paper."""

    patient_id: UUID
    name: str
    mode: str


def typing_for(session: Session, link: PatientLink, submission: Submission) -> TypingFor | None:
    """Whom staff type for by this link; None when the patient does."""
    if who_types(link, submission).kind != "staff":
        return None
    patient = session.get_one(Patient, link.patient_id)
    names = (name.reveal() for name in (patient.given_name, patient.family_name) if name is not None)
    return TypingFor(patient.id, " ".join(names), link.issued_mode)

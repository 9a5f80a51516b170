"""The patient as other services need to know them."""

from datetime import date
from typing import Any

from kernel.contracts.patient import PatientSnapshot
from services.intake.model import Patient


def patient_snapshot(patient: Patient, language: str) -> PatientSnapshot:
    """Names, birth date and contact points in the clear: for events, which are sealed wherever they rest."""
    phone, email, postcode = patient.phone, patient.email, patient.postcode
    return PatientSnapshot(
        given_name=_shown(patient.given_name),
        family_name=_shown(patient.family_name),
        birth_date=date.fromisoformat(_shown(patient.birth_date)),
        phone=phone.reveal() if phone else "",
        email=email.reveal() if email else "",
        language=language,
        postcode=postcode.reveal() if postcode else "",
        time_zone=patient.time_zone,
    )


def _shown(value: Any) -> str:
    return str(value.reveal()) if value is not None else ""

"""Put the patient's snapshot on a referral, and the blind index by which the person is known again."""

import unicodedata

from kernel.contracts.patient import PatientSnapshot
from kernel.keyring import keyring
from services.referral.model.referral import Referral


def set_patient(referral: Referral, patient: PatientSnapshot) -> None:
    """Set name, birth date and contact, and the key made of name and birth date."""
    referral.patient = patient.model_dump(mode="json")
    referral.patient_key = patient_key(patient)


def patient_key(patient: PatientSnapshot) -> bytes:
    """The blind index of a person: case, accents and spaces in the name do not tell two apart."""
    whole = f"{patient.given_name} {patient.family_name}".casefold()
    folded = "".join(c for c in unicodedata.normalize("NFKD", whole) if not unicodedata.combining(c))
    return keyring().blind_index("patient", f"{' '.join(folded.split())}|{patient.birth_date.isoformat()}")

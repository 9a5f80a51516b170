"""A referral came from outside, by a letter or an API, without a questionnaire."""

from datetime import datetime
from uuid import UUID

from kernel.contracts.patient import PatientIdentifier, PatientSnapshot
from kernel.events import Contract


class ReferralReceived(Contract):
    """`patient_id` is the referral service's own id of the patient, who is in `patient`. No consent is known.

    `identifiers`: numbers of the patient the letter names.
    """

    referral_id: UUID
    patient_id: UUID
    patient: PatientSnapshot
    identifiers: tuple[PatientIdentifier, ...] = ()
    state: str
    version: int
    received_at: datetime

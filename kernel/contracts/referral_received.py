"""A referral came from outside, by a letter or an API, without a questionnaire."""

from datetime import datetime
from uuid import UUID

from kernel.contracts.patient import PatientSnapshot
from kernel.events import Contract


class ReferralReceived(Contract):
    """`patient_id` is the referral service's own id of the patient, who is in `patient`. No consent is known."""

    referral_id: UUID
    patient_id: UUID
    patient: PatientSnapshot
    state: str
    version: int
    received_at: datetime

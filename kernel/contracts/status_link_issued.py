"""A patient may follow their referral by a link of their own."""

from datetime import datetime
from uuid import UUID

from kernel.contracts.patient import PatientSnapshot
from kernel.events import Contract


class StatusLinkIssued(Contract):
    """`link_path` (/intake/s#t=…) opens the status page behind the birth date: where things stand, how to get ready.

    It is made when staff have accepted the referral, once, so that the patient can be sent it.
    """

    link_id: UUID
    patient_id: UUID
    patient: PatientSnapshot
    referral_id: UUID
    link_path: str
    issued_at: datetime
    expires_at: datetime

"""A patient asked for a one-time code, to read their own answers back."""

from datetime import datetime
from uuid import UUID

from kernel.contracts.patient import PatientSnapshot
from kernel.events import Contract


class CodeRequested(Contract):
    """`code` is six digits, for the phone in `patient` and nobody else; worthless after `expires_at`.

    Sealed in the outbox as every event is, and never in a log.
    """

    code_id: UUID
    patient_id: UUID
    patient: PatientSnapshot
    code: str
    requested_at: datetime
    expires_at: datetime

"""A planned message got a new state; the referral's timeline shows it."""

from datetime import datetime
from uuid import UUID

from kernel.events import Contract


class MessageStateChanged(Contract):
    """`state`: planned, sent, delivered, failed, suppressed, expired, held, unknown. `reason` is a code or ""."""

    message_id: UUID
    patient_id: UUID
    appointment_id: UUID | None
    appointment_version: int | None
    step: str
    channel: str
    state: str
    reason: str
    at: datetime

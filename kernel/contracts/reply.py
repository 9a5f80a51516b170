"""What a patient's reply to a reminder meant."""

from datetime import datetime
from uuid import UUID

from kernel.events import Contract


class ReplyMeant(Contract):
    """Data of reply_confirmed, reply_cannot_come and reply_reschedule: about one version of one appointment."""

    appointment_id: UUID
    appointment_version: int
    patient_id: UUID
    reply_id: UUID
    channel: str
    received_at: datetime

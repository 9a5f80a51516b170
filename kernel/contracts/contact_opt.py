"""A contact point stopped or started taking our messages."""

from datetime import datetime
from uuid import UUID

from kernel.events import Contract


class ContactOpted(Contract):
    """Data of contact_opted_out and contact_opted_in. Several patients may share one phone number."""

    patient_ids: list[UUID]
    channel: str
    at: datetime

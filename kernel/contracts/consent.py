"""What a patient said about being written to, and when."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from kernel.events import Contract


class ConsentSaid(BaseModel):
    """Yes or no to messages about their visits by `channel`; `said_at` decides between this and what is known."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    channel: Literal["sms", "email"]
    given: bool
    said_at: datetime


class ConsentChanged(Contract):
    """Somebody known said yes or no again, with or without answering questions after it."""

    patient_id: UUID
    consents: tuple[ConsentSaid, ...]

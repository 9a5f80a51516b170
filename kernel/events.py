"""The envelope of an event between services: CloudEvents 1.0 field names, JSON, one contract file per type."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

SPEC_VERSION = "1.0"
DATA_TYPE = "application/json"
# Several events in one request (CloudEvents 1.0, HTTP binding, batched mode): a JSON array of envelopes.
BATCH_TYPE = "application/cloudevents-batch+json"


class Contract(BaseModel):
    """Base of every event's data. Unknown fields are ignored, so a sender may add one before its listeners know it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Envelope(BaseModel):
    """An event as it travels. `data` is checked against the type's contract by the listener."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    specversion: str = SPEC_VERSION
    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: str = DATA_TYPE
    requestid: str = ""
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """An event as a reaction receives it."""

    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    data: dict[str, Any]

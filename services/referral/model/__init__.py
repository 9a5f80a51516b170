"""Mapped classes of the referral service. Importing this package registers them all."""

from services.referral.model import (
    appointment,
    decision,
    inbound,
    move,
    patient_record,
    protocol,
    protocol_life,
    referral,
    review,
    schedule,
    slot_supply,
    waitlist,
    watch,
)
from services.referral.model.base import Base

__all__ = [
    "Base",
    "appointment",
    "decision",
    "inbound",
    "move",
    "patient_record",
    "protocol",
    "protocol_life",
    "referral",
    "review",
    "schedule",
    "slot_supply",
    "waitlist",
    "watch",
]

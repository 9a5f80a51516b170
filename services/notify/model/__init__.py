"""The mapped classes of the notify service."""

from services.notify.model.base import Base
from services.notify.model.contacts import Consent, ContactPoint, ContactRequest, Patient, PatientContact
from services.notify.model.gate import LostEvent, SendingGate
from services.notify.model.merges import PatientRecord
from services.notify.model.messages import (
    MessageMove,
    PlannedMessage,
    SendAttempt,
    SendLookup,
    UntoldState,
)
from services.notify.model.offers import SlotOffer
from services.notify.model.providers import ProviderState
from services.notify.model.replies import Receipt, RefusedHook, Reply, StaffItem
from services.notify.model.staff_alerts import StaffAlert, StaffTold
from services.notify.model.staff_contacts import DutyTurn, StaffContact
from services.notify.model.visits import Appointment
from services.notify.model.wording import Cadence, CompiledLetter, MessageTemplate

__all__ = [
    "Appointment",
    "Base",
    "Cadence",
    "CompiledLetter",
    "Consent",
    "ContactPoint",
    "ContactRequest",
    "DutyTurn",
    "LostEvent",
    "MessageMove",
    "MessageTemplate",
    "Patient",
    "PatientContact",
    "PatientRecord",
    "PlannedMessage",
    "ProviderState",
    "Receipt",
    "RefusedHook",
    "Reply",
    "SendAttempt",
    "SendLookup",
    "SendingGate",
    "SlotOffer",
    "StaffAlert",
    "StaffContact",
    "StaffItem",
    "StaffTold",
    "UntoldState",
]

"""A patient (or staff for them) finished a questionnaire, or a red flag stopped it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from kernel.contracts.consent import ConsentSaid
from kernel.contracts.patient import PatientSnapshot
from kernel.events import Contract


class IntakeSubmitted(Contract):
    """`answers` are keyed by the protocol's variable ids; an absent one is unknown, never "no".

    `stopped` is true when an emergency flag ended the form before its last page. `flags` are the ids intake saw
    fire under `protocol_version`. `mode`: self, phone, paper, kiosk, api, or mixed of them. `corrects` names an
    earlier submission whose answers these replace. `not_asked`: variables whose question the patient's other answers
    made needless; what is neither there nor in `answers` was left out. `language` is the one the questions were in,
    `patient.language` the one to write in. `consents`: what they ever said of messages, with its time; a channel nobody
    asked about is not there. None is from a sender before it: then `consent_sms`, `consent_email` were said just now.
    """

    submission_id: UUID
    patient_id: UUID
    patient: PatientSnapshot
    questionnaire: str
    language: str
    mode: str = "self"
    answers: dict[str, Any]
    stopped: bool = False
    flags: tuple[str, ...] = ()
    not_asked: tuple[str, ...] = ()
    protocol_version: str
    preferred_site: str = ""
    consent_sms: bool = False
    consent_email: bool = False
    consents: tuple[ConsentSaid, ...] | None = None
    submitted_at: datetime
    corrects: UUID | None = None

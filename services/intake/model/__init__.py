"""Mapped classes of intake."""

from services.intake.model.base import Base
from services.intake.model.callback_task import CallbackTask, SafetyNotice
from services.intake.model.link import PatientLink
from services.intake.model.patient import Patient
from services.intake.model.patient_status import ReferralView, VisitView
from services.intake.model.published import ProtocolVersion, QuestionnaireVersion
from services.intake.model.start_count import StartCount
from services.intake.model.submission import PageSave, Submission

__all__ = [
    "Base",
    "CallbackTask",
    "PageSave",
    "Patient",
    "PatientLink",
    "ProtocolVersion",
    "QuestionnaireVersion",
    "ReferralView",
    "SafetyNotice",
    "StartCount",
    "Submission",
    "VisitView",
]

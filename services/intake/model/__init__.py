"""Mapped classes of intake."""

from services.intake.model.base import Base
from services.intake.model.callback_task import CallbackTask, SafetyNotice
from services.intake.model.instrument_permission import InstrumentPermission
from services.intake.model.link import PatientLink
from services.intake.model.match_case import MatchCase
from services.intake.model.patient import Patient
from services.intake.model.patient_identifier import PatientIdentifier
from services.intake.model.patient_status import ReferralView, VisitView
from services.intake.model.published import ProtocolVersion, QuestionnaireVersion
from services.intake.model.questionnaire_draft import QuestionnaireDraft
from services.intake.model.reading_code import ReadingCode
from services.intake.model.start_count import StartCount
from services.intake.model.submission import PageSave, Submission
from services.intake.model.try_count import TryCount
from services.intake.model.upload import Upload

__all__ = [
    "Base",
    "CallbackTask",
    "InstrumentPermission",
    "MatchCase",
    "PageSave",
    "Patient",
    "PatientIdentifier",
    "PatientLink",
    "ProtocolVersion",
    "QuestionnaireDraft",
    "QuestionnaireVersion",
    "ReadingCode",
    "ReferralView",
    "SafetyNotice",
    "StartCount",
    "Submission",
    "TryCount",
    "Upload",
    "VisitView",
]

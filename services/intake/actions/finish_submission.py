"""The end of a questionnaire: submitted by the patient, or stopped by an emergency flag."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.intake_submitted import IntakeSubmitted
from kernel.contracts.patient import PatientSnapshot
from kernel.outbox import emit
from services.intake.model import Patient, Submission
from services.intake.queries.rulebook import Rulebook
from services.intake.rules.plain_answers import plain_answers


def finish_submission(
    session: Session,
    actor: Actor,
    submission: Submission,
    patient: Patient,
    *,
    rulebook: Rulebook,
    answers: Mapping[str, Any],
    stopped: bool,
) -> None:
    """Close the answers to change and tell the referral service. `answers` are typed by the protocol."""
    moment = now(session)
    submission.state = "stopped" if stopped else "submitted"
    submission.submitted_at = moment
    submission.saved_at = moment
    submission.protocol_version = rulebook.protocol.version
    record(
        session,
        actor,
        "stop_submission" if stopped else "submit_answers",
        "submission",
        submission.id,
        details={"answers": len(answers), "questionnaire": submission.questionnaire, "mode": submission.mode},
    )
    seen = submission.flags
    emit(
        session,
        "intake_submitted",
        submission.id,
        IntakeSubmitted(
            submission_id=submission.id,
            patient_id=patient.id,
            patient=_snapshot(patient, submission.language),
            questionnaire=submission.questionnaire,
            language=submission.language,
            mode=submission.mode,
            answers=plain_answers(answers),
            stopped=stopped,
            flags=tuple(seen.reveal()) if seen is not None else (),
            protocol_version=rulebook.protocol.version,
            preferred_site=submission.preferred_site,
            consent_sms=submission.consent_sms,
            consent_email=submission.consent_email,
            submitted_at=moment,
            corrects=submission.corrects,
        ),
    )


def _snapshot(patient: Patient, language: str) -> PatientSnapshot:
    """The patient as other services need to know them."""
    phone, email, postcode = patient.phone, patient.email, patient.postcode
    return PatientSnapshot(
        given_name=_shown(patient.given_name),
        family_name=_shown(patient.family_name),
        birth_date=date.fromisoformat(_shown(patient.birth_date)),
        phone=phone.reveal() if phone else "",
        email=email.reveal() if email else "",
        language=language,
        postcode=postcode.reveal() if postcode else "",
        time_zone=patient.time_zone,
    )


def _shown(value: Any) -> str:
    return str(value.reveal()) if value is not None else ""

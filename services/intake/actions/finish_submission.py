"""The end of a questionnaire: submitted by the patient, or stopped by an emergency flag."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.intake_submitted import IntakeSubmitted
from kernel.outbox import emit
from services.intake.model import Patient, Submission
from services.intake.queries.consents_of import consents_of
from services.intake.queries.patient_snapshot import patient_snapshot
from services.intake.queries.patients import patient_of
from services.intake.queries.rulebook import Rulebook
from services.intake.rules.plain_answers import plain_answers

#: Whose reading language is the one to write in; the others read the pages for a patient who may not.
THEMSELVES: Final = ("self", "parent", "guardian")


def finish_submission(
    session: Session,
    actor: Actor,
    submission: Submission,
    patient: Patient,
    *,
    rulebook: Rulebook,
    answers: Mapping[str, Any],
    stopped: bool,
    routed: bool = True,
    not_asked: tuple[str, ...] = (),
) -> None:
    """Close the answers to change and tell the referral service. `answers` are typed by the protocol.

    Who answered by themselves, or for their child, is written to in the language they answered in; whoever was typed
    for, or helped by an interpreter, a carer or a referrer, in the language known before.

    One that is not `routed` asks nothing a route is decided by: it is kept, and makes no referral.
    `not_asked`: variables the other answers made needless to ask.
    """
    moment = now(session)
    submission.state = "stopped" if stopped else "submitted"
    submission.submitted_at = moment
    submission.saved_at = moment
    submission.protocol_version = rulebook.protocol.version
    standing = patient if patient.merged_into is None else patient_of(session, patient.id) or patient
    by_themselves = actor.kind == "patient" and submission.answered_by in THEMSELVES
    if by_themselves and standing.language != submission.language:
        standing.language = submission.language
        standing.version += 1
        standing.updated_at = moment
    submission.consent_sms, submission.consent_email = standing.consent_sms, standing.consent_email
    record(
        session,
        actor,
        "stop_submission" if stopped else "submit_answers",
        "submission",
        submission.id,
        details={"answers": len(answers), "questionnaire": submission.questionnaire, "mode": submission.mode},
    )
    if not routed:
        return
    seen = submission.flags
    emit(
        session,
        "intake_submitted",
        submission.id,
        IntakeSubmitted(
            submission_id=submission.id,
            patient_id=patient.id,
            patient=patient_snapshot(standing, standing.language),
            questionnaire=submission.questionnaire,
            language=submission.language,
            mode=submission.mode,
            answers=plain_answers(answers),
            stopped=stopped,
            flags=tuple(seen.reveal()) if seen is not None else (),
            not_asked=not_asked,
            protocol_version=rulebook.protocol.version,
            preferred_site=submission.preferred_site,
            consent_sms=submission.consent_sms,
            consent_email=submission.consent_email,
            consents=consents_of(standing),
            submitted_at=moment,
            corrects=submission.corrects,
        ),
    )

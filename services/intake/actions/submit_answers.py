"""A whole set of answers at once, keyed by the protocol's variables: the way of the public API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from kernel.rows import add_row
from services.intake.actions.finish_submission import finish_submission
from services.intake.actions.open_match_case import open_match_case
from services.intake.actions.record_flags import record_flags
from services.intake.actions.register_patient import PatientFacts, register_patient
from services.intake.model import Submission
from services.intake.queries.rulebook import Rulebook
from services.intake.rules.form import Form
from services.intake.rules.patient_age import age_years
from services.intake.rules.plain_answers import plain_answers


@dataclass(frozen=True)
class Submitted:
    """What came of it. `urgent` is E, S or None: the caller must show the matching safety text."""

    submission: Submission
    urgent: str | None
    flags: tuple[str, ...]


def submit_answers(
    session: Session,
    actor: Actor,
    facts: PatientFacts,
    *,
    form: Form,
    rulebook: Rulebook,
    answers: Mapping[str, Any],
    mode: str,
    preferred_site: str = "",
    answered_by: str = "self",
) -> Submitted:
    """Store typed `answers` as a finished submission; an emergency flag makes it a stopped one.

    The age comes from the birth date unless it was given.
    """
    registered = register_patient(session, actor, facts)
    moment = now(session)
    known = dict(answers)
    if "age_years" not in known:
        known["age_years"] = age_years(date.fromisoformat(facts.birth_date.reveal()), moment.date())
    submission = Submission(
        id=new_id(),
        patient_id=registered.patient.id,
        form=form.url,
        form_version=form.version,
        language=facts.language or registered.patient.language,
        mode=mode,
        answered_by=answered_by,
        state="submitted",
        version=1,
        page="",
        preferred_site=preferred_site,
        consent_sms=registered.patient.consent_sms,
        consent_email=registered.patient.consent_email,
        author_kind=actor.kind,
        author_id=actor.id,
        author_role=actor.role,
        started_at=moment,
        saved_at=moment,
        corrects=None,
        flags_sealed=None,
    )
    submission.content = {"items": {}, "answers": plain_answers(known)}
    flags = rulebook.flags(known)
    open_match_case(session, actor, registered.patient.id, submission.id, registered.candidates)
    urgent = record_flags(session, actor, submission, rulebook, flags)
    finish_submission(
        session,
        actor,
        submission,
        registered.patient,
        rulebook=rulebook,
        answers=known,
        stopped=urgent == "E",
    )
    add_row(session, submission)
    return Submitted(submission, urgent, tuple(flag.id for flag in flags))

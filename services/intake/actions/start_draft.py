"""Begin a questionnaire, or go on with the one that is open: one draft per patient and form."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from kernel.rows import write_rows
from services.intake.actions.open_match_case import open_match_case
from services.intake.actions.register_patient import PatientFacts, register_patient
from services.intake.model import Patient, Submission
from services.intake.queries.submissions import open_draft
from services.intake.rules.begin_answers import begin_answers
from services.intake.rules.form import Form
from services.intake.rules.how_given import how_given
from services.intake.rules.identity import Likeness
from services.intake.rules.initial_answers import answers_nobody_gives
from services.intake.rules.launch_context import launch_context
from services.intake.rules.patient_age import age_years

CLINIC_ZONE = "America/Chicago"


@dataclass(frozen=True)
class Started:
    """The draft to answer. `resumed` when it was begun before, maybe on another device."""

    submission: Submission
    patient: Patient
    resumed: bool


def start_draft(
    session: Session,
    facts: PatientFacts,
    form: Form,
    *,
    mode: str = "self",
    answered_by: str = "self",
    author: Actor | None = None,
    known: Patient | None = None,
    device: str = "",
) -> Started:
    """Return the patient's open draft of `form`, made now if there is none.

    `known` is a patient staff have identified already; `device` the browser in which somebody said who they are: what
    the questionnaire begins with from that is shown there, and elsewhere only after a one-time code. An `author` who is
    staff takes an open draft over: how it goes on, who types and for whom is what the record says from then on, and the
    audit what it said before. Starts of the same person at the same moment take turns: fifty end in one draft.
    """
    turn = (
        f"start:{facts.birth_date.reveal()}:{facts.phone.reveal() or facts.family_name.reveal().casefold()}"
    )
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:turn, 0))"), {"turn": turn})
    candidates: tuple[Likeness, ...] = ()
    patient = known
    if patient is None:
        registered = register_patient(session, author or Actor("patient", "self-registered"), facts)
        write_rows(session)
        patient, candidates = registered.patient, registered.candidates
    actor = author or Actor("patient", str(patient.id))
    draft = open_draft(session, patient.id, form.url)
    if draft is not None:
        if author is not None and author.kind == "staff":
            _take_over(session, draft, author, mode, answered_by)
        # Asked again, they may have said something else than when they began.
        draft.consent_sms, draft.consent_email = patient.consent_sms, patient.consent_email
        open_match_case(session, actor, patient.id, draft.id, candidates)
        return Started(draft, patient, True)
    moment = now(session)
    draft = Submission(
        id=new_id(),
        patient_id=patient.id,
        form=form.url,
        form_version=form.version,
        language=facts.language or patient.language,
        mode=mode,
        answered_by=answered_by,
        state="draft",
        version=1,
        page="",
        preferred_site="",
        protocol_version="",
        consent_sms=patient.consent_sms,
        consent_email=patient.consent_email,
        author_kind=actor.kind,
        author_id=actor.id,
        author_role=actor.role,
        started_at=moment,
        saved_at=moment,
    )
    items: dict[str, Any] = answers_nobody_gives(form)
    if "age_years" in form.by_id:
        items["age_years"] = age_years(date.fromisoformat(facts.birth_date.reveal()), moment.date())
    begun = begin_answers(form, items, _context(facts, patient, moment)) if form.begun else {}
    items |= {key: value for key, value in begun.items() if not form.by_id[key].is_shown_to_change}
    first = {"begun": begun, "begun_by": device} if begun else {}
    draft.content = {"items": items, "pages": {}, "scores": [], **first}
    session.add(draft)
    open_match_case(session, actor, patient.id, draft.id, candidates)
    record(
        session, actor, "start_draft", "submission", draft.id, details={"questionnaire": draft.questionnaire}
    )
    return Started(draft, patient, False)


def _context(facts: PatientFacts, patient: Patient, moment: datetime) -> dict[str, list[Any]]:
    """What was said at this start, not what the record may know besides: it is shown to who said it."""
    return launch_context(
        moment,
        patient.time_zone or CLINIC_ZONE,
        names=(facts.given_name.reveal(), facts.family_name.reveal()),
        birth_date=facts.birth_date.reveal(),
        phone=facts.phone.reveal(),
        email=facts.email.reveal(),
        postcode=facts.postcode.reveal(),
        language=facts.language or patient.language,
    )


def _take_over(session: Session, draft: Submission, author: Actor, mode: str, answered_by: str) -> None:
    before = {"mode": draft.mode, "answered_by": draft.answered_by, "author": draft.author_id}
    content = draft.content
    pages = content.reveal().get("pages", {}) if content is not None else {}
    # What the patient gave before stays given their way; what is typed from now on comes beside it.
    draft.mode = how_given({**pages, "": {"mode": mode}}, draft.mode)
    draft.answered_by = answered_by
    draft.author_kind, draft.author_id, draft.author_role = author.kind, author.id, author.role
    draft.version += 1
    record(session, author, "take_over_draft", "submission", draft.id, details={"before": before})

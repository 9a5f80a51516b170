"""Make a referral of a finished questionnaire, or put new answers on the referral they correct."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.intake_submitted import IntakeSubmitted
from kernel.contracts.referral_routed import ReferralRouted
from kernel.ids import new_id
from kernel.outbox import emit
from kernel.rows import add_row, cursor
from services.referral.actions.decide_route import Decided, decide_route
from services.referral.actions.move_referral import move_referral
from services.referral.actions.propose_route import propose_route
from services.referral.actions.publish_shipped_protocol import publish_shipped_protocol
from services.referral.actions.set_patient import set_patient
from services.referral.actions.store_decision import FIRST_CAUSE, store_decision
from services.referral.model.referral import Referral
from services.referral.queries.patient_records import stands_under
from services.referral.queries.protocols import PublishedProtocol, protocol_of_site
from services.referral.queries.referrals import live_decision
from services.referral.rules.recorded_days import recorded_days
from services.referral.rules.referral_states import STATES, may_do

PROTOCOL = Actor("system", "referral.protocol")
INTAKE = Actor("service", "intake")


LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
# Decisions on a submission, and on one that corrects it; newest first.
TOLD = """
SELECT referral_id, submission_id <> $1 AS corrected FROM decision
WHERE submission_id = $1 OR corrects_id = $1 ORDER BY id DESC
"""


def receive_submission(session: Session, submitted: IntakeSubmitted) -> Referral:
    """Evaluate the answers, keep decision and evidence, and return the referral in triage.

    A submission received before changes nothing. A correction voids the earlier decision and puts the case back
    in triage; one that comes before what it corrects stands, and the late original is kept voided.
    """
    _take_turns(session, submitted)
    told = cursor(session).execute(TOLD, [submitted.submission_id]).fetchall()
    known = next((row.referral_id for row in told if not row.corrected), None)
    if known is not None:
        return session.get_one(Referral, known)
    shared = publish_shipped_protocol(session)
    published = protocol_of_site(session, submitted.preferred_site, shared)
    decided = decide_route(published, submitted.answers, _recorded(submitted))
    successor = next((row.referral_id for row in told), None)
    if successor is not None:
        return _keep_late_original(session, successor, submitted, decided)
    earlier = None
    if submitted.corrects is not None:
        told = cursor(session).execute(TOLD, [submitted.corrects]).fetchall()
        earlier = next((row.referral_id for row in told if not row.corrected), None)
    referral = None if earlier is None else _locked(session, earlier)
    if referral is None or not STATES[referral.state].is_open:
        return _create(session, submitted, published, decided, follows=referral)
    return _correct(session, referral, submitted, published, decided)


def _recorded(submitted: IntakeSubmitted) -> dict[str, Any]:
    """The day of a first decision is the day of the answers: intake tells them at once."""
    patient = {"birth_date": submitted.patient.birth_date.isoformat()}
    return {**recorded_days(patient, submitted.submitted_at, submitted.submitted_at)}


def _take_turns(session: Session, submitted: IntakeSubmitted) -> None:
    """A correction and what it corrects may be heard at one moment: the second then finds what the first wrote."""
    ids = {submitted.submission_id, submitted.corrects} - {None}
    for name in sorted(f"submission:{one}" for one in ids):
        cursor(session).execute(LOCK, [name])


def _create(
    session: Session,
    submitted: IntakeSubmitted,
    published: PublishedProtocol,
    decided: Decided,
    follows: Referral | None,
) -> Referral:
    moment = now(session)
    # Answers sent under a record that was merged since belong to the one it stands under.
    patient = stands_under(session, submitted.patient_id)
    referral = Referral(
        id=new_id(),
        submission_id=submitted.submission_id,
        patient_id=patient,
        first_patient_id=None if patient == submitted.patient_id else submitted.patient_id,
        language=submitted.language,
        mode=submitted.mode,
        state="received",
        state_since=moment,
        version=1,
        preferred_site=submitted.preferred_site,
        site=submitted.preferred_site,
        clock="run",
        created_at=moment,
        submitted_at=submitted.submitted_at,
        follows_id=None if follows is None else follows.id,
        attempts=0,
    )
    set_patient(referral, submitted.patient)
    # Nothing is asked from here on: all that is new is written by one statement, the referral as it is then.
    _take_proposal(session, referral, submitted, published, decided, writes_it=False)
    store_decision(
        session,
        referral,
        decided,
        submitted.answers,
        submission_id=submitted.submission_id,
        cause=FIRST_CAUSE,
        corrects_id=submitted.corrects,
        not_asked=submitted.not_asked,
    )
    record(session, INTAKE, "receive_referral", "referral", referral.id)
    # Who sent a letter sent another referral: nobody is told of this one.
    move_referral(session, PROTOCOL, referral, "needs_triage", details=_routing(decided), referred=False)
    _tell_routed(session, referral)
    add_row(session, referral)
    return referral


def _correct(
    session: Session,
    referral: Referral,
    submitted: IntakeSubmitted,
    published: PublishedProtocol,
    decided: Decided,
) -> Referral:
    answers, by_staff = _with_staff_answers(session, referral, submitted)
    if by_staff:
        decided = decide_route(published, answers, _recorded(submitted))
    referral.submission_id = submitted.submission_id
    set_patient(referral, submitted.patient)
    referral.submitted_at = submitted.submitted_at
    store_decision(
        session,
        referral,
        decided,
        answers,
        submission_id=submitted.submission_id,
        cause="correction",
        corrects_id=submitted.corrects,
        staff_answers=by_staff,
        not_asked=submitted.not_asked,
    )
    if may_do("new_answers", referral.state, "needs_triage"):
        move_referral(
            session,
            PROTOCOL,
            referral,
            "needs_triage",
            deed="new_answers",
            reason_code="answers_corrected",
            details=_routing(decided),
        )
    else:
        referral.version += 1
    _take_proposal(session, referral, submitted, published, decided)
    record(
        session, INTAKE, "correct_referral", "referral", referral.id, details={"version": referral.version}
    )
    _tell_routed(session, referral)
    return referral


def _with_staff_answers(
    session: Session, referral: Referral, submitted: IntakeSubmitted
) -> tuple[dict[str, Any], list[str]]:
    """The new answers, and under them what staff had found out where the patient still says nothing."""
    live = live_decision(session, referral.id)
    if live is None or live.answers is None or live.body is None:
        return dict(submitted.answers), []
    known = live.answers.reveal()
    names = [
        name
        for name in live.body.reveal().get("staff_answers", [])
        if name in known and submitted.answers.get(name) is None
    ]
    return {**submitted.answers, **{name: known[name] for name in names}}, names


def _keep_late_original(
    session: Session, referral_id: UUID, submitted: IntakeSubmitted, decided: Decided
) -> Referral:
    referral = _locked(session, referral_id)
    store_decision(
        session,
        referral,
        decided,
        submitted.answers,
        submission_id=submitted.submission_id,
        cause="intake",
        voided_at=now(session),
    )
    record(session, INTAKE, "keep_late_answers", "referral", referral.id)
    return referral


def _take_proposal(
    session: Session,
    referral: Referral,
    submitted: IntakeSubmitted,
    published: PublishedProtocol,
    decided: Decided,
    *,
    writes_it: bool = True,
) -> None:
    # New answers of the patient are read anew, by a person too.
    referral.settled_warnings = []
    propose_route(
        session,
        referral,
        published,
        decided,
        seen_flags=submitted.flags,
        not_asked=submitted.not_asked,
        writes_it=writes_it,
    )


def _tell_routed(session: Session, referral: Referral) -> None:
    assert referral.submission_id is not None
    emit(
        session,
        "referral_routed",
        referral.id,
        ReferralRouted(
            referral_id=referral.id,
            submission_id=referral.submission_id,
            patient_id=referral.patient_id,
            route=referral.route,
            priority=referral.priority,
            state=referral.state,
            version=referral.version,
        ),
    )


def _routing(decided: Decided) -> dict[str, str]:
    decision = decided.decision
    return {"route": decision.route, "priority": decision.priority, "protocol": decision.protocol_version}


def _locked(session: Session, referral_id: UUID) -> Referral:
    return session.scalars(select(Referral).where(Referral.id == referral_id).with_for_update()).one()

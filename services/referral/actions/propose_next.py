"""After care that did not help, propose the next route as a new referral that follows the old one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.patient import PatientSnapshot
from kernel.ids import new_id
from services.referral.actions.decide_route import decide_route
from services.referral.actions.move_referral import move_referral
from services.referral.actions.propose_route import propose_route
from services.referral.actions.publish_shipped_protocol import publish_shipped_protocol
from services.referral.actions.set_patient import set_patient
from services.referral.actions.store_decision import store_decision
from services.referral.model.appointment import Appointment
from services.referral.model.referral import Referral
from services.referral.queries.protocols import protocol_of_site
from services.referral.queries.referrals import live_decision
from services.referral.rules.next_route import answers_after_therapy, next_route
from services.referral.rules.recorded_days import recorded_days


def propose_next(session: Session, actor: Actor, referral: Referral) -> Referral | None:
    """Return the follow-up referral, in triage, or None when there are no answers to judge by.

    What physical therapy did becomes answers (tried, for how long, without success); the protocol is asked again.
    When it still says the same route, the next one in the protocol's own order of secondaries is proposed.
    """
    decision = live_decision(session, referral.id)
    if decision is None or decision.answers is None or referral.patient is None:
        return None
    published = protocol_of_site(session, referral.site, publish_shipped_protocol(session))
    first_visit = _first_visit(session, referral)
    weeks = 0.0 if first_visit is None else (now(session) - first_visit).days / 7
    answers = decision.answers.reveal()
    if referral.route == "physical_therapy":
        answers = answers_after_therapy(answers, round(max(weeks, 0.0), 1))
    recorded = recorded_days(referral.patient.reveal(), referral.submitted_at, now(session))
    decided = decide_route(published, answers, recorded)
    moment = now(session)
    following = Referral(
        id=new_id(),
        submission_id=referral.submission_id,
        patient_id=referral.patient_id,
        language=referral.language,
        mode=referral.mode,
        state="received",
        state_since=moment,
        version=1,
        preferred_site=referral.preferred_site,
        site=referral.site,
        owner_id=actor.id if actor.kind == "staff" else "",
        owner_name=actor.name if actor.kind == "staff" else "",
        clock="run",
        created_at=moment,
        submitted_at=moment,
        follows_id=referral.id,
        attempts=0,
    )
    set_patient(following, PatientSnapshot.model_validate(referral.patient.reveal()))
    not_asked = [str(name) for name in (decision.body.reveal() if decision.body else {}).get("not_asked", [])]
    # The same answers lead on: what a clinician settled of them stays settled.
    following.settled_warnings = list(referral.settled_warnings)
    propose_route(session, following, published, decided, not_asked=not_asked)
    route = next_route(referral.route, decided.decision.route, decided.decision.secondary)
    following.proposed_route = following.route = route
    store_decision(
        session,
        following,
        decided,
        answers,
        submission_id=decision.submission_id,
        cause="follow_up",
        staff_answers=_staff_answers(decision.body.reveal() if decision.body else {}, answers),
        change={"route": [referral.route, route]},
        not_asked=not_asked,
    )
    record(
        session,
        actor,
        "propose_next_referral",
        "referral",
        following.id,
        details={"follows": str(referral.id)},
    )
    move_referral(
        session,
        actor,
        following,
        "needs_triage",
        reason_code="not_improved",
        details={"follows": str(referral.id), "route": route},
    )
    return following


def _first_visit(session: Session, referral: Referral) -> datetime | None:
    attended = select(func.min(Appointment.starts_at)).where(
        Appointment.referral_id == referral.id, Appointment.state == "attended"
    )
    return session.scalar(attended)


def _staff_answers(body: Mapping[str, Any], answers: Mapping[str, Any]) -> list[str]:
    known = set(body.get("staff_answers", [])) | {
        "conservative_failed",
        "conservative_kinds",
        "conservative_weeks",
    }
    return sorted(known & set(answers))

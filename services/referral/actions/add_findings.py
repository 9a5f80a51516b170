"""Add what staff found out (examination, imaging, a call) to the answers, and evaluate again."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.web.problems import FieldProblem, conflict, invalid
from services.referral.actions.decide_route import Decided, decide_route
from services.referral.actions.move_referral import illegal_move, move_referral
from services.referral.actions.propose_route import propose_route, set_priority
from services.referral.actions.publish_shipped_protocol import publish_shipped_protocol
from services.referral.actions.store_decision import store_decision
from services.referral.model.decision import Decision
from services.referral.model.referral import Referral
from services.referral.queries.protocols import protocol_of_site
from services.referral.queries.referrals import live_decision
from services.referral.rules.recorded_days import recorded_days
from services.referral.rules.referral_states import STATES, may_do

# What a reviewer decided on; another diagnosis with the same route leaves the review standing.
DECIDED_ON = frozenset({"route", "priority", "red_flags"})


def add_findings(
    session: Session, actor: Actor, referral: Referral, found: Mapping[str, Any], *, note: str = ""
) -> None:
    """Evaluate the answers with `found` laid over them; a null takes an answer back to unknown.

    The earlier decision is voided and kept. When route, priority or red flags change, the case returns to triage.
    Raises 422 naming bad fields, 409 `no_answers` without a decision in force, 409 `illegal_move` after the end.
    """
    if not STATES[referral.state].is_open:
        raise illegal_move(referral)
    live = live_decision(session, referral.id)
    if live is None or live.answers is None or live.body is None:
        raise conflict("no_answers", "This referral has no answers in force to add to.")
    published = protocol_of_site(session, referral.site, publish_shipped_protocol(session))
    _, errors = published.protocol.check_answers(dict(found))
    if errors:
        raise invalid([FieldProblem(f"answers.{error.field}", error.code) for error in errors])
    answers = {**live.answers.reveal(), **found}
    answers = {name: value for name, value in answers.items() if value is not None}
    by_staff = sorted({*live.body.reveal().get("staff_answers", []), *found})
    patient = None if referral.patient is None else referral.patient.reveal()
    decided = decide_route(published, answers, recorded_days(patient, referral.submitted_at, now(session)))
    change = _change(live, decided)
    submission_id = live.submission_id
    not_asked = [str(name) for name in live.body.reveal().get("not_asked", [])]
    store_decision(
        session,
        referral,
        decided,
        answers,
        submission_id=submission_id,
        cause="staff_findings",
        staff_answers=by_staff,
        change=change,
        not_asked=not_asked,
    )
    overtaken = bool(DECIDED_ON & set(change))
    details = {"variables": sorted(found), "changed": sorted(change)}
    if overtaken and may_do("new_answers", referral.state, "needs_triage"):
        move_referral(
            session,
            actor,
            referral,
            "needs_triage",
            deed="new_answers",
            reason_code="staff_findings",
            note=note,
            details=details,
        )
    else:
        referral.version += 1
    record(
        session,
        actor,
        "add_findings",
        "referral",
        referral.id,
        details={**details, "version": referral.version},
    )
    kept = (referral.route, referral.priority)
    propose_route(session, referral, published, decided, not_asked=not_asked)
    if not overtaken:
        referral.route = kept[0]
        if referral.priority != kept[1]:
            set_priority(session, referral, published, kept[1])


def _change(before: Decision, after: Decided) -> dict[str, Any]:
    """What the findings changed, as {what: [before, after]}; {} when nothing did."""
    assert before.body is not None
    body, decision = before.body.reveal(), after.decision
    pairs: dict[str, tuple[Any, Any]] = {
        "route": (body["route"], decision.route),
        "priority": (body["priority"], decision.priority),
        "diagnoses": (
            {entry["id"]: entry["certainty"] for entry in body["diagnoses"]},
            {entry["id"]: entry["certainty"] for entry in decision.diagnoses},
        ),
        "red_flags": (
            sorted(flag["id"] for flag in body["red_flags"]),
            sorted(str(flag["id"]) for flag in decision.red_flags),
        ),
    }
    return {name: [old, new] for name, (old, new) in pairs.items() if old != new}

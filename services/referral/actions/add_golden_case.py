"""Make a golden case of a past referral, or of answers written for it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from kernel.web.problems import FieldProblem, conflict, invalid
from services.referral.model.protocol_life import GoldenCaseRow
from services.referral.model.referral import Referral
from services.referral.queries.protocols import PublishedProtocol
from services.referral.queries.referrals import live_decision

# A case is about answers, not about a person: what could tell who it was is left out.
LEFT_OUT = frozenset({"pregnancy_weeks", "postpartum_weeks"})


def add_case_of_referral(
    session: Session, actor: Actor, published: PublishedProtocol, referral: Referral, title: str
) -> GoldenCaseRow:
    """Add the referral's answers with the route and priority staff settled on as what must come out.

    Raises 409 `no_answers` when the referral has no decision in force.
    """
    decision = live_decision(session, referral.id)
    if decision is None or decision.answers is None:
        raise conflict("no_answers", "This referral has no answers in force to make a case of.")
    answers = {name: value for name, value in decision.answers.reveal().items() if name not in LEFT_OUT}
    overridden = (referral.route, referral.priority) != (referral.proposed_route, referral.proposed_priority)
    return add_written_case(
        session,
        actor,
        published,
        title=title,
        answers=answers,
        expected={"route": referral.route, "priority": referral.priority},
        origin="override" if overridden else "past_case",
        referral_id=referral.id,
    )


def add_written_case(
    session: Session,
    actor: Actor,
    published: PublishedProtocol,
    *,
    title: str,
    answers: Mapping[str, Any],
    expected: Mapping[str, Any],
    origin: str = "written",
    referral_id: UUID | None = None,
) -> GoldenCaseRow:
    """Add a case. Raises 422 for answers or an expectation the protocol in force cannot take."""
    typed, errors = published.protocol.check_answers(answers)
    routing = published.protocol.routing
    faults = [FieldProblem(f"answers.{error.field}", error.code) for error in errors]
    if expected.get("route") not in routing.order:
        faults.append(FieldProblem("expected.route", "unknown_route"))
    if expected.get("priority") not in routing.priorities:
        faults.append(FieldProblem("expected.priority", "unknown_priority"))
    if faults and origin == "written":
        raise invalid(faults)
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('golden_case'))"))
    number = (session.scalar(select(func.count()).select_from(GoldenCaseRow)) or 0) + 1
    row = GoldenCaseRow(
        id=new_id(),
        code=f"CLINIC{number:04d}",
        title=title,
        origin=origin,
        referral_id=referral_id,
        added_at=now(session),
        added_by=actor.id,
    )
    kept = {name: value for name, value in answers.items() if name in typed}
    row.content = {"answers": kept, "expected": dict(expected)}
    session.add(row)
    session.flush()
    record(session, actor, "add_golden_case", "golden_case", row.id, reason=origin)
    return row


def retire_golden_case(session: Session, actor: Actor, row: GoldenCaseRow) -> None:
    """Stop asking a case of new versions; it stays readable."""
    row.retired_at = now(session)
    row.retired_by = actor.id
    record(session, actor, "retire_golden_case", "golden_case", row.id)

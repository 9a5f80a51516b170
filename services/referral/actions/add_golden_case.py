"""Make a golden case of answers and what must come of them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from kernel.web.problems import FieldProblem, invalid
from services.referral.model.protocol_life import GoldenCaseRow
from services.referral.queries.protocols import PublishedProtocol


def add_golden_case(
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

"""The answers a replay runs over."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.evidence import Protocol
from services.referral.model.decision import Decision
from services.referral.model.referral import Referral
from services.referral.rules.recorded_days import recorded_days


class PastCase(NamedTuple):
    """A decision in force with what it was made from. Columns, not objects: a replay reads ten thousand of them."""

    decision_id: UUID
    referral_id: UUID
    route: str
    priority: str
    protocol_version: str
    made_at: datetime
    answers_sealed: bytes
    site: str
    submitted_at: datetime
    patient_sealed: bytes | None


_CASE = select(
    Decision.id,
    Decision.referral_id,
    Decision.route,
    Decision.priority,
    Decision.protocol_version,
    Decision.made_at,
    Decision.answers_sealed,
    Referral.site,
    Referral.submitted_at,
    Referral.patient_sealed,
).join(Referral, Referral.id == Decision.referral_id)


def answers_of(moment: Any, days: int) -> Any:
    """Select the ids of the decisions in force that were made in the `days` before `moment`."""
    since = moment - timedelta(days=days)
    return select(Decision.id).where(
        Decision.made_at >= since, Decision.made_at <= moment, Decision.voided_at.is_(None)
    )


def past_cases(
    session: Session, moment: datetime, days: int, after: UUID | None, most: int
) -> list[PastCase]:
    """Return up to `most` cases of `answers_of`, in the order of their ids, beginning after the one given."""
    wanted = answers_of(moment, days)
    if after is not None:
        wanted = wanted.where(Decision.id > after)
    chosen = wanted.order_by(Decision.id).limit(most).subquery()
    rows = session.execute(_CASE.join(chosen, chosen.c.id == Decision.id).order_by(Decision.id))
    return [PastCase._make(row) for row in rows]


def past_case(session: Session, decision_id: UUID) -> PastCase:
    """Return one decision as a case, in force or not."""
    return PastCase._make(session.execute(_CASE.where(Decision.id == decision_id)).one())


def typed_answers(protocol: Protocol, case: PastCase) -> dict[str, Any]:
    """Return a stored decision's answers as `protocol` takes them, with what the record knew when it was made."""
    answers = Decision.answers.read(case.answers_sealed, case.decision_id).reveal()
    patient = None
    if "age_years" not in answers and case.patient_sealed is not None:
        patient = Referral.patient.read(case.patient_sealed, case.referral_id).reveal()
    recorded = recorded_days(patient, case.submitted_at, case.made_at)
    known = {name: value for name, value in recorded.items() if name in protocol.variables}
    typed, _ = protocol.check_answers({**known, **answers})
    return typed

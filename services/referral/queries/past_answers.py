"""The answers a replay runs over."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from kernel.evidence import Protocol
from services.referral.model.decision import Decision
from services.referral.model.referral import Referral
from services.referral.rules.recorded_days import recorded_days


def answers_of(moment: Any, days: int) -> Any:
    """Select the ids of the decisions in force that were made in the `days` before `moment`."""
    since = moment - timedelta(days=days)
    return select(Decision.id).where(
        Decision.made_at >= since, Decision.made_at <= moment, Decision.voided_at.is_(None)
    )


def typed_answers(protocol: Protocol, decision: Decision, referral: Referral) -> dict[str, Any]:
    """Return a stored decision's answers as `protocol` takes them, with what the record knew when it was made."""
    assert decision.answers is not None
    answers = decision.answers.reveal()
    patient = None
    if "age_years" not in answers and referral.patient is not None:
        patient = referral.patient.reveal()
    recorded = recorded_days(patient, referral.submitted_at, decision.made_at)
    known = {name: value for name, value in recorded.items() if name in protocol.variables}
    typed, _ = protocol.check_answers({**known, **answers})
    return typed

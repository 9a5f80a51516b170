"""Keep a decision with the answers it was made from; the one it replaces is voided and stays readable."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.ids import new_id
from kernel.rows import add_row
from services.referral.actions.decide_route import Decided
from services.referral.model.decision import Decision
from services.referral.model.referral import Referral

# The decision a referral begins with replaces none.
FIRST_CAUSE = "intake"


def store_decision(
    session: Session,
    referral: Referral,
    decided: Decided,
    answers: Mapping[str, Any],
    *,
    submission_id: UUID,
    cause: str,
    corrects_id: UUID | None = None,
    voided_at: datetime | None = None,
    staff_answers: Sequence[str] = (),
    change: Mapping[str, Any] | None = None,
    not_asked: Sequence[str] = (),
) -> Decision:
    """Store the decision and void the live one; with `voided_at` this one came late and is voided itself.

    `staff_answers` name the answers staff gave; `change` says what differs from the decision before.
    `not_asked`: variables the patient's answers made needless to ask.
    """
    if voided_at is None and cause != FIRST_CAUSE:
        void_live_decision(session, referral.id, cause)
    decision = Decision(
        id=new_id(),
        referral_id=referral.id,
        submission_id=submission_id,
        corrects_id=corrects_id,
        cause=cause,
        protocol_version=decided.decision.protocol_version,
        route=decided.decision.route,
        priority=decided.decision.priority,
        rule_ids=[rule["id"] for rule in decided.decision.rules],
        made_at=now(session),
        voided_at=voided_at,
        void_reason="corrected_before_it_came" if voided_at else "",
    )
    decision.answers = dict(answers)
    decision.body = {
        **decided.body(),
        "staff_answers": list(staff_answers),
        "change": dict(change or {}),
        "not_asked": list(not_asked),
    }
    add_row(session, decision)
    return decision


def void_live_decision(session: Session, referral_id: UUID, reason: str) -> None:
    """Void the referral's live decision, if it has one."""
    live = select(Decision).where(Decision.referral_id == referral_id, Decision.voided_at.is_(None))
    for decision in session.scalars(live):
        decision.voided_at = now(session)
        decision.void_reason = reason
    session.flush()

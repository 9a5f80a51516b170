"""Record what a reviewer made of the protocol's proposal, beside the rules that made it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from services.referral.model.decision import Decision
from services.referral.model.referral import Referral
from services.referral.model.review import TriageReview


def record_review(
    session: Session,
    actor: Actor,
    referral: Referral,
    outcome: str,
    reason_code: str = "",
    *,
    to_route: str = "",
    to_priority: str = "",
) -> TriageReview:
    """Add the review of the live decision; `to_…` "" means as proposed. Call it before the referral is changed."""
    live = select(Decision).where(Decision.referral_id == referral.id, Decision.voided_at.is_(None))
    decision = session.scalars(live).first()
    review = TriageReview(
        id=new_id(),
        referral_id=referral.id,
        decision_id=None if decision is None else decision.id,
        at=now(session),
        reviewer_id=actor.id,
        reviewer_role=actor.role,
        outcome=outcome,
        reason_code=reason_code,
        from_route=referral.proposed_route,
        to_route=to_route or referral.route,
        from_priority=referral.proposed_priority,
        to_priority=to_priority or referral.priority,
        protocol_version="" if decision is None else decision.protocol_version,
        rule_ids=[] if decision is None else list(decision.rule_ids),
    )
    session.add(review)
    return review

"""Close a referral after the visit, with the outcome; what did not help proposes the next route."""

from sqlalchemy.orm import Session

from kernel.context import Actor
from services.referral.actions.move_referral import move_referral
from services.referral.actions.propose_next import propose_next
from services.referral.model.referral import Referral


def close_referral(
    session: Session, actor: Actor, referral: Referral, *, outcome: str, note: str = ""
) -> None:
    """Close an attended referral with its outcome; a booked or merely attended one is not closed. 409 otherwise."""
    move_referral(
        session,
        actor,
        referral,
        "closed",
        deed="close",
        reason_code=outcome,
        note=note,
        details={"outcome": outcome},
    )
    referral.outcome = outcome
    if outcome == "not_improved":
        propose_next(session, actor, referral)

"""End a referral: closed with an outcome after the visit, withdrawn, or handed over to other care."""

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


def withdraw_referral(
    session: Session, actor: Actor, referral: Referral, *, reason_code: str, note: str = ""
) -> None:
    """Take back a referral that is no longer wanted; raises 409 `illegal_move`."""
    move_referral(session, actor, referral, "withdrawn", deed="withdraw", reason_code=reason_code, note=note)


def hand_over_referral(
    session: Session, actor: Actor, referral: Referral, *, reason_code: str, note: str = ""
) -> None:
    """The patient was sent to emergency care or seen the same day, outside our schedule; 409 `illegal_move`."""
    move_referral(
        session, actor, referral, "handed_over", deed="hand_over", reason_code=reason_code, note=note
    )

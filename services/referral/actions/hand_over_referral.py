"""End a referral whose patient went to other care."""

from sqlalchemy.orm import Session

from kernel.context import Actor
from services.referral.actions.move_referral import move_referral
from services.referral.model.referral import Referral


def hand_over_referral(
    session: Session, actor: Actor, referral: Referral, *, reason_code: str, note: str = ""
) -> None:
    """The patient was sent to emergency care or seen the same day, outside our schedule; 409 `illegal_move`."""
    move_referral(
        session, actor, referral, "handed_over", deed="hand_over", reason_code=reason_code, note=note
    )

"""Take back a referral that is no longer wanted."""

from sqlalchemy.orm import Session

from kernel.context import Actor
from services.referral.actions.move_referral import move_referral
from services.referral.model.referral import Referral


def withdraw_referral(
    session: Session, actor: Actor, referral: Referral, *, reason_code: str, note: str = ""
) -> None:
    """Take back a referral that is no longer wanted; raises 409 `illegal_move`."""
    move_referral(session, actor, referral, "withdrawn", deed="withdraw", reason_code=reason_code, note=note)

"""Go on with a referral that waited: the patient answered."""

from sqlalchemy.orm import Session

from kernel.context import Actor
from services.referral.actions.move_referral import move_referral
from services.referral.model.referral import Referral


def resume_referral(session: Session, actor: Actor, referral: Referral, *, note: str = "") -> None:
    """Go on with a referral that waited or was deferred; raises 409 `illegal_move`."""
    move_referral(session, actor, referral, "needs_triage", deed="resume", note=note)

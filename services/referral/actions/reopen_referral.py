"""Open a referral again that was ended too early."""

from sqlalchemy.orm import Session

from kernel.context import Actor
from services.referral.actions.move_referral import move_referral
from services.referral.model.referral import Referral


def reopen_referral(
    session: Session, actor: Actor, referral: Referral, *, reason_code: str, note: str = ""
) -> None:
    """Open a declined or withdrawn referral again; raises 409 `illegal_move`."""
    move_referral(session, actor, referral, "needs_triage", deed="reopen", reason_code=reason_code, note=note)

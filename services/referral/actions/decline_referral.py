"""Decline a referral, with a coded reason and an owner who sees it through."""

from sqlalchemy.orm import Session

from kernel.context import Actor
from kernel.web.problems import conflict
from services.referral.actions.assign_owner import take_in_hand
from services.referral.actions.move_referral import illegal_move, move_referral
from services.referral.actions.record_review import record_review
from services.referral.model.referral import Referral
from services.referral.rules.referral_states import may_do

#: The one reason that goes with an open red flag.
EMERGENCY = "needs_emergency_care"


def decline_referral(
    session: Session, actor: Actor, referral: Referral, *, reason_code: str, note: str = ""
) -> None:
    """Move to `declined`; raises 409 `illegal_move`, and `red_flag_hold` while a red flag is open, unless the patient
    needs emergency care.
    """
    if not may_do("decline", referral.state, "declined"):
        raise illegal_move(referral)
    if referral.flagged and reason_code != EMERGENCY:
        raise conflict(
            "red_flag_hold",
            "A red flag is open on this referral. Clear it, hand the patient over, or say that the patient needs "
            "emergency care.",
        )
    record_review(session, actor, referral, "decline", reason_code)
    take_in_hand(actor, referral)
    move_referral(session, actor, referral, "declined", deed="decline", reason_code=reason_code, note=note)

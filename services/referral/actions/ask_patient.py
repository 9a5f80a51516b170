"""Wait for the patient: something must be asked before the referral can go on."""

from sqlalchemy.orm import Session

from kernel.context import Actor
from services.referral.actions.assign_owner import take_in_hand
from services.referral.actions.move_referral import illegal_move, move_referral
from services.referral.actions.record_review import record_review
from services.referral.model.referral import Referral
from services.referral.rules.referral_states import may_do


def ask_patient(session: Session, actor: Actor, referral: Referral, *, note: str) -> None:
    """Pause the clock and wait; `note` says what is asked. Raises 409 `illegal_move`."""
    if not may_do("ask", referral.state, "waiting_on_patient"):
        raise illegal_move(referral)
    record_review(session, actor, referral, "ask")
    take_in_hand(actor, referral)
    move_referral(session, actor, referral, "waiting_on_patient", deed="ask", note=note)

"""Put a referral aside until a date; it returns by itself."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.web.problems import FieldProblem, conflict, invalid
from services.referral.actions.assign_owner import take_in_hand
from services.referral.actions.move_referral import illegal_move, move_referral
from services.referral.actions.record_review import record_review
from services.referral.model.referral import Referral
from services.referral.rules.referral_states import may_do

LONGEST_DEFERRAL = timedelta(days=365)


def defer_referral(
    session: Session, actor: Actor, referral: Referral, *, until: datetime, note: str = ""
) -> None:
    """Pause the clock until `until` (within a year). Raises 422 for another time, 409 while a red flag is open."""
    if not may_do("defer", referral.state, "deferred"):
        raise illegal_move(referral)
    if not now(session) < until <= now(session) + LONGEST_DEFERRAL:
        raise invalid([FieldProblem("until", "not_within_a_year")])
    if referral.flagged:
        raise conflict(
            "red_flag_hold",
            "A red flag is open on this referral. Clear it before putting the referral aside.",
        )
    record_review(session, actor, referral, "defer")
    take_in_hand(actor, referral)
    move_referral(
        session,
        actor,
        referral,
        "deferred",
        deed="defer",
        note=note,
        details={"until": until.isoformat()},
    )
    referral.deferred_until = until

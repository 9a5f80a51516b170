"""Open a hold for each emergency or same-day red flag, so that nothing is booked before a clinician clears it."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.ids import new_id
from kernel.rows import add_row
from services.referral.model.decision import ReferralHold
from services.referral.model.referral import Referral

HOLDING_ACTIONS = ("E", "S")


def open_holds(
    session: Session, referral: Referral, flags: Iterable[tuple[str, str]], *, none_stands: bool = False
) -> list[ReferralHold]:
    """Open holds for the flags (id, action) with action E or S that have none open; return the new ones.

    With `none_stands` the referral is new, and is not asked for holds it has.

    A flag that no longer fires keeps its hold: only a clinician clears one.
    """
    wanted = {flag: action for flag, action in flags if action in HOLDING_ACTIONS}
    standing: set[str] = set()
    if not none_stands:
        open_now = select(ReferralHold.flag_id).where(
            ReferralHold.referral_id == referral.id, ReferralHold.cleared_at.is_(None)
        )
        standing.update(session.scalars(open_now))
    opened = [
        ReferralHold(
            id=new_id(), referral_id=referral.id, flag_id=flag, action=action, opened_at=now(session)
        )
        for flag, action in wanted.items()
        if flag not in standing
    ]
    for hold in opened:
        add_row(session, hold)
    referral.flagged = bool(opened or standing)
    return opened

"""Bring deferred referrals back when their date has come."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from services.referral.actions.move_referral import move_referral
from services.referral.model.referral import Referral

CALENDAR = Actor("system", "referral.calendar")
MOST_AT_ONCE = 200


def return_deferred(session: Session) -> int:
    """Bring back every deferred referral whose date has come; return how many."""
    query = (
        select(Referral)
        .where(Referral.state == "deferred", Referral.deferred_until <= now(session))
        .order_by(Referral.deferred_until)
        .limit(MOST_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    returned = list(session.scalars(query))
    for referral in returned:
        move_referral(
            session, CALENDAR, referral, "needs_triage", deed="resume", reason_code="deferral_ended"
        )
    return len(returned)

"""Raise an alarm for each referral that stays too long in a state."""

from datetime import timedelta
from functools import cache

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from kernel.clock import now
from services.referral.actions.raise_alarm import raise_alarm
from services.referral.model.referral import Referral
from services.referral.model.watch import Escalation, StateLimit
from services.referral.queries.site_calendar import site_calendar
from services.referral.rules.business_clock import BusinessCalendar, business_time_between

MOST_AT_ONCE = 500


def escalate_stuck(session: Session) -> int:
    """Raise `stuck` for referrals over the limit of their state, counted in their site's business hours."""
    moment = now(session)

    @cache
    def calendar(site: str) -> BusinessCalendar:
        return site_calendar(session, site)

    raised = 0
    for limit in session.scalars(select(StateLimit)):
        allowed = timedelta(hours=limit.business_hours)
        told = exists().where(
            Escalation.referral_id == Referral.id,
            Escalation.kind == "stuck",
            Escalation.since == Referral.state_since,
        )
        # Business time never runs faster than the wall clock, so only these can be over the limit.
        old = select(Referral).where(
            Referral.state == limit.state, Referral.state_since < moment - allowed, ~told
        )
        for referral in session.scalars(old.order_by(Referral.state_since).limit(MOST_AT_ONCE)).all():
            if business_time_between(referral.state_since, moment, calendar(referral.site)) > allowed:
                raised += raise_alarm(session, referral, "stuck", referral.state_since)
    return raised

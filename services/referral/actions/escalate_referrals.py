"""Raise an alarm, once, for each referral whose clock ran out or that stays too long in a state."""

from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from services.referral.model.referral import Referral
from services.referral.model.watch import Escalation, StateLimit
from services.referral.queries.site_calendar import site_calendar
from services.referral.rules.business_clock import BusinessCalendar, business_time_between

WATCH = Actor("system", "referral.watch")
MOST_AT_ONCE = 500


def escalate_due(session: Session) -> int:
    """Raise `due` for running clocks that ran out; return how many alarms are new."""
    told = exists().where(
        Escalation.referral_id == Referral.id, Escalation.kind == "due", Escalation.since == Referral.due_at
    )
    query = select(Referral).where(
        Referral.clock == "run", Referral.breached, Referral.closed_at.is_(None), ~told
    )
    late = session.scalars(query.order_by(Referral.worklist_rank, Referral.due_at).limit(MOST_AT_ONCE))
    return sum(_raise(session, referral, "due", referral.due_at) for referral in late.all())


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
                raised += _raise(session, referral, "stuck", referral.state_since)
    return raised


def _raise(session: Session, referral: Referral, kind: str, since: datetime) -> bool:
    alarm = (
        insert(Escalation)
        .values(
            id=new_id(),
            referral_id=referral.id,
            kind=kind,
            state=referral.state,
            since=since,
            at=now(session),
            owner_id=referral.owner_id,
            acknowledged_by="",
        )
        .on_conflict_do_nothing()
        .returning(Escalation.id)
    )
    if session.execute(alarm).first() is None:
        return False
    referral.escalated_at = now(session)
    record(session, WATCH, f"escalate_{kind}", "referral", referral.id, details={"state": referral.state})
    return True


def acknowledge_escalation(session: Session, actor: Actor, alarm: Escalation) -> None:
    """Note that someone has taken the alarm; a repeat changes nothing."""
    if alarm.acknowledged_at is None:
        alarm.acknowledged_at = now(session)
        alarm.acknowledged_by = actor.id
        record(session, actor, "acknowledge_escalation", "referral", alarm.referral_id, reason=alarm.kind)

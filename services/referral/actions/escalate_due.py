"""Raise an alarm for each referral whose clock ran out."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from services.referral.actions.raise_alarm import raise_alarm
from services.referral.model.referral import Referral
from services.referral.model.watch import Escalation

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
    return sum(raise_alarm(session, referral, "due", referral.due_at) for referral in late.all())

"""Raise one alarm about one referral, once."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from services.referral.model.referral import Referral
from services.referral.model.watch import Escalation

WATCH = Actor("system", "referral.watch")


def raise_alarm(session: Session, referral: Referral, kind: str, since: datetime) -> bool:
    """Insert the alarm unless it was given before; return whether it is new."""
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

"""Raise one alarm about one referral, once."""

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.professional_notice import StaffAlerted
from kernel.ids import new_id
from kernel.outbox import emit
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
    alert_id = uuid5(NAMESPACE_URL, f"alarm:{referral.id}:{kind}:{since.isoformat()}")
    alert = StaffAlerted(
        alert_id=alert_id,
        kind=f"referral_{kind}",
        roles=["manager"],
        site=referral.site or "",
        urgent=False,
        at=now(session),
    )
    emit(session, "staff_alerted", alert_id, alert)
    record(session, WATCH, f"escalate_{kind}", "referral", referral.id, details={"state": referral.state})
    return True

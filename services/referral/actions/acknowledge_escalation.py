"""Take an alarm."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from services.referral.model.watch import Escalation


def acknowledge_escalation(session: Session, actor: Actor, alarm: Escalation) -> None:
    """Note that someone has taken the alarm; a repeat changes nothing."""
    if alarm.acknowledged_at is None:
        alarm.acknowledged_at = now(session)
        alarm.acknowledged_by = actor.id
        record(session, actor, "acknowledge_escalation", "referral", alarm.referral_id, reason=alarm.kind)

"""Alerts nobody answered in time go to the next person on call; none is closed by it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from services.notify.actions.tell_next_person import tell_next_person
from services.notify.model import StaffAlert


def pass_on_alerts(session: Session, limit: int = 50) -> int:
    """Tell the next person of each alert that is due; return how many were told."""
    due = (
        select(StaffAlert)
        .where(StaffAlert.next_at <= now(session))
        .order_by(StaffAlert.next_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return sum(tell_next_person(session, alert) for alert in session.scalars(due).all())

"""Mark referrals whose due time has passed, so that the worklist puts them first."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now

MARK = "UPDATE referral SET breached = true WHERE clock = 'run' AND NOT breached AND due_at < :now"


def mark_breaches(session: Session) -> None:
    """Mark every running clock that has run out."""
    session.execute(text(MARK), {"now": now(session)})

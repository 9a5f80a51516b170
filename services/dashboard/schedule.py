"""Periodic jobs of the dashboard service, run by its relay."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.housekeeping import KERNEL_JOBS
from kernel.schedule import Job


def forget_login_attempts(session: Session) -> None:
    """Delete counts of login attempts a day after the last one."""
    session.execute(text("DELETE FROM login_pace WHERE minute < now() - interval '1 day'"))
    session.execute(text("DELETE FROM login_failure WHERE last_at < now() - interval '1 day'"))


def forget_old_sessions(session: Session) -> None:
    """Delete sessions a month after they were last used; the audit trail keeps who signed in when."""
    session.execute(text("DELETE FROM staff_session WHERE seen_at < now() - interval '30 days'"))


JOBS: tuple[Job, ...] = (
    *KERNEL_JOBS,
    Job("forget_login_attempts", 3600, forget_login_attempts, "a delay never lasts longer than 15 minutes"),
    Job("forget_old_sessions", 3600, forget_old_sessions, "a session dies after 15 idle minutes anyway"),
)

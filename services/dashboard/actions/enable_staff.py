"""Open a closed or locked account again."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from services.dashboard.model import Staff


def enable_staff(session: Session, actor: Actor, staff: Staff) -> None:
    """Open a closed or locked account again."""
    staff.active, staff.failures_in_a_row = True, 0
    record(session, actor, "enable_staff", "staff", staff.id)

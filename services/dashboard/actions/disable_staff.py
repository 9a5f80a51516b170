"""Close an account; its sessions end at once."""

import secrets

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from services.dashboard.actions.change_role import refuse_last_admin
from services.dashboard.actions.end_session import end_all_sessions
from services.dashboard.model import Staff
from services.dashboard.rules.roles import ADMIN


def disable_staff(session: Session, actor: Actor, staff: Staff) -> None:
    """Close the account; raises `StaffRefused("last_admin")`."""
    if staff.role == ADMIN:
        refuse_last_admin(session)
    staff.active = False
    staff.fs_uniquifier = secrets.token_hex(24)
    end_all_sessions(session, staff.id, "disabled")
    record(session, actor, "disable_staff", "staff", staff.id)

"""Set a new password; the account's sessions end at once."""

import secrets

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from services.dashboard.actions.create_staff import StaffRefused
from services.dashboard.actions.end_session import end_all_sessions
from services.dashboard.actions.hash_password import hash_password
from services.dashboard.model import Staff
from services.dashboard.rules.password_strength import password_problem


def change_password(session: Session, actor: Actor, staff: Staff, password: str, salt: str) -> None:
    """Set a new password; raises `StaffRefused` with a password code."""
    problem = password_problem(password, (staff.name, staff.email.partition("@")[0]))
    if problem:
        raise StaffRefused(problem)
    staff.password = hash_password(password, salt)
    staff.fs_uniquifier = secrets.token_hex(24)
    staff.failures_in_a_row = 0
    end_all_sessions(session, staff.id, "password_changed")
    record(session, actor, "change_password", "staff", staff.id)

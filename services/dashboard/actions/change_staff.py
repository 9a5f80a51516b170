"""Change what an account may do; every change ends the account's sessions at once."""

import secrets
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from services.dashboard.actions.create_staff import StaffRefused
from services.dashboard.actions.end_session import end_all_sessions
from services.dashboard.actions.hash_password import hash_password
from services.dashboard.model import Staff
from services.dashboard.rules.password_strength import password_problem
from services.dashboard.rules.roles import ADMIN, ROLES


def change_role(session: Session, actor: Actor, staff: Staff, role: str, sites: Sequence[str]) -> None:
    """Give `staff` another role or other sites; raises `StaffRefused` (bad_role, last_admin)."""
    if role not in ROLES:
        raise StaffRefused("bad_role")
    if staff.role == ADMIN and role != ADMIN:
        _refuse_last_admin(session)
    before = {"role": staff.role, "sites": list(staff.sites)}
    staff.role, staff.sites = role, list(sites)
    end_all_sessions(session, staff.id, "role_changed")
    record(
        session,
        actor,
        "change_role",
        "staff",
        staff.id,
        details={"before": before, "after": {"role": role, "sites": list(sites)}},
    )


def disable_staff(session: Session, actor: Actor, staff: Staff) -> None:
    """Close the account; raises `StaffRefused("last_admin")`."""
    if staff.role == ADMIN:
        _refuse_last_admin(session)
    staff.active = False
    staff.fs_uniquifier = secrets.token_hex(24)
    end_all_sessions(session, staff.id, "disabled")
    record(session, actor, "disable_staff", "staff", staff.id)


def enable_staff(session: Session, actor: Actor, staff: Staff) -> None:
    """Open a closed or locked account again."""
    staff.active, staff.failures_in_a_row = True, 0
    record(session, actor, "enable_staff", "staff", staff.id)


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


def _refuse_last_admin(session: Session) -> None:
    # The rows are locked so that two administrators cannot remove one another at the same moment.
    admins = select(Staff.id).where(Staff.role == ADMIN, Staff.active).with_for_update()
    if len(session.scalars(admins).all()) <= 1:
        raise StaffRefused("last_admin")

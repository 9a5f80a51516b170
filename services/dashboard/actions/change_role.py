"""Give an account another role or other sites; its sessions end at once."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from services.dashboard.actions.create_staff import StaffRefused
from services.dashboard.actions.end_session import end_all_sessions
from services.dashboard.model import Staff
from services.dashboard.rules.roles import ADMIN, ROLES


def change_role(
    session: Session, actor: Actor, staff: Staff, role: str, sites: Sequence[str], *, provider_id: str = ""
) -> None:
    """Give `staff` another role, other sites or another calendar; raises `StaffRefused` (bad_role, last_admin)."""
    if role not in ROLES:
        raise StaffRefused("bad_role")
    if staff.role == ADMIN and role != ADMIN:
        refuse_last_admin(session)
    before = {"role": staff.role, "sites": list(staff.sites), "provider": staff.provider_id}
    staff.role, staff.sites, staff.provider_id = role, list(sites), provider_id
    end_all_sessions(session, staff.id, "role_changed")
    record(
        session,
        actor,
        "change_role",
        "staff",
        staff.id,
        details={"before": before, "after": {"role": role, "sites": list(sites), "provider": provider_id}},
    )


def refuse_last_admin(session: Session) -> None:
    """Raise `StaffRefused("last_admin")` when only one administrator is left."""
    # The rows are locked so that two administrators cannot remove one another at the same moment.
    admins = select(Staff.id).where(Staff.role == ADMIN, Staff.active).with_for_update()
    if len(session.scalars(admins).all()) <= 1:
        raise StaffRefused("last_admin")

"""Create a staff account. Nobody registers themselves."""

import secrets
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from kernel.ids import new_id
from services.dashboard.actions.hash_password import hash_password
from services.dashboard.model import Staff
from services.dashboard.rules.password_strength import password_problem
from services.dashboard.rules.roles import ROLES


class StaffRefused(ValueError):
    """The account was not created; `code` says why: bad_role, bad_email, email_taken, or a password code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def create_staff(
    session: Session,
    actor: Actor,
    *,
    email: str,
    name: str,
    role: str,
    password: str,
    salt: str,
    sites: Sequence[str] = (),
    provider_id: str = "",
) -> Staff:
    """Add an account and its audit entry; raises `StaffRefused`. `sites`: ids, () for every site.

    `provider_id`: whom the schedule knows them as.
    """
    address = email.strip().lower()
    if role not in ROLES:
        raise StaffRefused("bad_role")
    if address.count("@") != 1 or len(address) > 254 or not name.strip():
        raise StaffRefused("bad_email")
    problem = password_problem(password, (name, address.partition("@")[0]))
    if problem:
        raise StaffRefused(problem)
    if session.scalar(select(Staff.id).where(Staff.email == address)) is not None:
        raise StaffRefused("email_taken")
    staff = Staff(
        id=new_id(),
        email=address,
        name=name.strip(),
        role=role,
        sites=list(sites),
        provider_id=provider_id,
        password=hash_password(password, salt),
        fs_uniquifier=secrets.token_hex(24),
        active=True,
        failures_in_a_row=0,
    )
    session.add(staff)
    session.flush()
    record(
        session,
        actor,
        "create_staff",
        "staff",
        staff.id,
        details={"role": role, "sites": list(sites), "provider": provider_id},
    )
    return staff

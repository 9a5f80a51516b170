"""Staff accounts: all of them for the administrator, and the colleagues a case can be given to."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.dashboard.model import Staff


def staff_list(session: Session) -> list[Staff]:
    """Return every account, open ones first, by name."""
    return list(session.scalars(select(Staff).order_by(Staff.active.desc(), Staff.name, Staff.id)))


def colleagues(session: Session, roles: frozenset[str], site: str) -> list[Staff]:
    """Return the open accounts with one of the roles that work at the site ("" is nowhere yet: all), by name."""
    query = select(Staff).where(Staff.active, Staff.role.in_(roles)).order_by(Staff.name, Staff.id)
    return [one for one in session.scalars(query) if not site or not one.sites or site in one.sites]

"""Staff accounts, for the administrator."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.dashboard.model import Staff


def staff_list(session: Session) -> list[Staff]:
    """Return every account, open ones first, by name."""
    return list(session.scalars(select(Staff).order_by(Staff.active.desc(), Staff.name, Staff.id)))

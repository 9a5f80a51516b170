"""Staff accounts, for the administrator, and their names wherever an owner tells an id."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.ids import parse_id
from services.dashboard.model import Staff


def staff_list(session: Session) -> list[Staff]:
    """Return every account, open ones first, by name."""
    return list(session.scalars(select(Staff).order_by(Staff.active.desc(), Staff.name, Staff.id)))


def staff_names(session: Session, ids: Iterable[object]) -> dict[str, str]:
    """Return the names of the accounts among `ids`, by id as text; an id of nobody here is left out."""
    wanted = [parsed for one in ids if (parsed := parse_id(str(one))) is not None]
    rows = session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(wanted)))
    return {str(staff_id): name for staff_id, name in rows}

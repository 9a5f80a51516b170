"""Names of members of staff, for pages that show who did something."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.ids import parse_id
from services.dashboard.model import Staff


def staff_names(session: Session, ids: Collection[str]) -> dict[str, str]:
    """Return id to name for those of `ids` that are accounts here."""
    known: list[UUID] = [found for one in ids if (found := parse_id(one)) is not None]
    rows = session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(known)))
    return {str(staff_id): name for staff_id, name in rows}

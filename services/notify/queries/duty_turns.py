"""Turns on call."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notify.model import DutyTurn

MOST = 2000


def turns_to_come(session: Session, moment: datetime) -> tuple[set[UUID], Mapping[UUID, list[DutyTurn]]]:
    """Return the contacts whose turns are kept, and the turns of each not over at `moment`, in order of time."""
    kept = set(session.scalars(select(DutyTurn.contact_id).distinct()))
    coming: dict[UUID, list[DutyTurn]] = {}
    found = (
        select(DutyTurn)
        .where(DutyTurn.ends_at > moment)
        .order_by(DutyTurn.starts_at, DutyTurn.id)
        .limit(MOST)
    )
    for turn in session.scalars(found):
        coming.setdefault(turn.contact_id, []).append(turn)
    return kept, coming

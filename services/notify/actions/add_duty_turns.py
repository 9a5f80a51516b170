"""Keep turns on call for one contact."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from services.notify.model import DutyTurn, StaffContact

LONGEST = timedelta(days=7)


class BadTurn(Exception):
    """A turn cannot be kept; `place` counts from 0, `code` says why. Nothing was changed."""

    def __init__(self, place: int, code: str) -> None:
        super().__init__(code)
        self.place = place
        self.code = code


def add_duty_turns(
    session: Session, actor: Actor, contact: StaffContact, turns: Sequence[tuple[datetime, datetime]]
) -> list[DutyTurn]:
    """Keep the turns (from, to) and return them. From the first on, the contact is on call in its turns alone.

    Raises `BadTurn` for one that ends before it starts, is over, or is longer than a week. The caller holds the row.
    """
    moment = now(session)
    for place, (starts_at, ends_at) in enumerate(turns):
        if ends_at <= starts_at:
            raise BadTurn(place, "ends_before_it_starts")
        if ends_at <= moment:
            raise BadTurn(place, "is_over")
        if ends_at - starts_at > LONGEST:
            raise BadTurn(place, "longer_than_a_week")
    kept = [
        DutyTurn(id=new_id(), contact_id=contact.id, starts_at=starts_at, ends_at=ends_at)
        for starts_at, ends_at in turns
    ]
    session.add_all(kept)
    contact.version += 1
    told = [f"{one.starts_at.isoformat()}/{one.ends_at.isoformat()}" for one in kept]
    record(session, actor, "add_duty_turns", "staff_contact", contact.id, details={"turns": told})
    return kept

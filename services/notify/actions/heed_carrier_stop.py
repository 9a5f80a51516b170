"""A carrier says that the patient told it to stop our texts: that is a STOP here too."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notify.actions.open_staff_item import SYSTEM
from services.notify.actions.opt_out import opt_out
from services.notify.model import ContactPoint


def heed_carrier_stop(session: Session, contact_point_id: UUID, code: str) -> bool:
    """Opt the number out under the carrier's `code`; False when it was out already.

    In a transaction of its own: recipient and visits are locked before messages, and the refused one was locked first.
    """
    same = select(ContactPoint).where(ContactPoint.id == contact_point_id)
    point = session.scalars(same.with_for_update(key_share=True)).one()
    return opt_out(session, point, SYSTEM, f"carrier_{code}")

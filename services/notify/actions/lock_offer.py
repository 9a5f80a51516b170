"""Take an offer's row for this transaction; its beginning and its end may be heard in any order."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
from services.notify.model import SlotOffer


def lock_offer(session: Session, offer_id: UUID, patient_id: UUID) -> SlotOffer:
    """Return the locked row of an offer, a new one of state "" when nothing was heard of it yet."""
    session.execute(
        insert(SlotOffer)
        .values(id=offer_id, patient_id=patient_id, state="", changed_at=now(session))
        .on_conflict_do_nothing()
    )
    same = select(SlotOffer).where(SlotOffer.id == offer_id)
    return session.scalars(same.with_for_update().execution_options(populate_existing=True)).one()

"""Take a reply's row and that of its number for this transaction: two people may deal with it at once."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notify.model import ContactPoint, Reply


def lock_reply(session: Session, reply_id: UUID) -> tuple[Reply | None, ContactPoint | None]:
    """Return the locked reply and its number, None for what there is not: the number first, as everywhere."""
    number = (
        select(ContactPoint)
        .join(Reply, Reply.contact_point_id == ContactPoint.id)
        .where(Reply.id == reply_id)
    )
    locked = number.with_for_update(key_share=True, of=ContactPoint).execution_options(populate_existing=True)
    point = session.scalars(locked).one_or_none()
    same = (
        select(Reply).where(Reply.id == reply_id).with_for_update().execution_options(populate_existing=True)
    )
    return session.scalars(same).one_or_none(), point

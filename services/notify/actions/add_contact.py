"""The contact point of a number or address, added when it is new."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.ids import new_id
from kernel.personal import email_index, phone_index
from services.notify.model import ContactPoint


def add_contact(session: Session, channel: str, address: str) -> UUID:
    """Return the contact point of `address`, which several patients may share, adding it when it is new."""
    index = phone_index(address) if channel == "sms" else email_index(address)
    same = select(ContactPoint.id).where(ContactPoint.channel == channel, ContactPoint.address_index == index)
    known = session.scalar(same)
    if known is not None:
        return known
    fresh = ContactPoint(id=new_id(), channel=channel, address_index=index, created_at=now(session))
    fresh.address = address
    added = session.execute(
        insert(ContactPoint)
        .values(
            id=fresh.id,
            channel=channel,
            address_index=index,
            address_sealed=fresh.address_sealed,
            created_at=fresh.created_at,
        )
        .on_conflict_do_nothing()
        .returning(ContactPoint.id)
    ).scalar()
    return added if added is not None else session.scalars(same).one()

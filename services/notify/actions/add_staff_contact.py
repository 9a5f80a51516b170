"""Add a person or a duty phone that is alerted."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from services.notify.actions.add_contact import add_contact
from services.notify.model import StaffContact


def add_staff_contact(
    session: Session,
    actor: Actor,
    *,
    name: str,
    role: str,
    sites: Sequence[str],
    phone: str = "",
    email: str = "",
    on_call: bool = True,
    position: int = 100,
) -> UUID:
    """Store the contact and return its id; `phone` is E.164, and one of the two ways is there."""
    contact = StaffContact(
        id=new_id(),
        role=role,
        sites=sorted(set(sites)),
        phone_point_id=add_contact(session, "sms", phone) if phone else None,
        email_point_id=add_contact(session, "email", email) if email else None,
        active=True,
        on_call=on_call,
        position=position,
        version=1,
        added_at=now(session),
    )
    contact.name = name
    session.add(contact)
    session.flush()
    details = {
        "role": role,
        "sites": contact.sites,
        "phone": bool(phone),
        "email": bool(email),
        "on_call": on_call,
        "position": position,
    }
    record(session, actor, "add_staff_contact", "staff_contact", contact.id, details=details)
    return contact.id

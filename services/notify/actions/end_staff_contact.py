"""Alert a person or a duty phone no more."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from services.notify.model import StaffContact


def end_staff_contact(session: Session, actor: Actor, contact_id: UUID) -> bool:
    """Switch the contact off, and keep it for the record; False when there is none that is on."""
    contact = session.get(StaffContact, contact_id, with_for_update=True)
    if contact is None or not contact.active:
        return False
    contact.active = False
    contact.version += 1
    record(session, actor, "end_staff_contact", "staff_contact", contact.id)
    return True

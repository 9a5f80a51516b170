"""Alert a person or a duty phone no more."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from services.notify.model import StaffContact


def end_staff_contact(session: Session, actor: Actor, contact: StaffContact) -> None:
    """Switch the contact off, and keep it for the record. The caller holds the row."""
    contact.active = False
    contact.version += 1
    record(session, actor, "end_staff_contact", "staff_contact", contact.id)

"""Change whom the clinic alerts."""

from typing import Any

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from services.notify.actions.add_contact import add_contact
from services.notify.model import StaffContact


class NoWay(Exception):
    """Neither a phone nor an e-mail address would be left; nothing was changed."""


def change_staff_contact(
    session: Session, actor: Actor, contact: StaffContact, changes: dict[str, Any]
) -> None:
    """Set what `changes` names (the fields of `add_staff_contact`). Raises `NoWay`. The caller holds the row.

    The audit entry names the fields, and the values that are not personal.
    """
    phone, email = contact.phone_point_id, contact.email_point_id
    if "phone" in changes:
        phone = add_contact(session, "sms", changes["phone"]) if changes["phone"] else None
    if "email" in changes:
        email = add_contact(session, "email", changes["email"]) if changes["email"] else None
    if phone is None and email is None:
        raise NoWay
    contact.phone_point_id, contact.email_point_id = phone, email
    if "name" in changes:
        contact.name = changes["name"]
    if "sites" in changes:
        contact.sites = sorted(set(changes["sites"]))
    for field in ("role", "on_call", "position"):
        if field in changes:
            setattr(contact, field, changes[field])
    contact.version += 1
    plain = ("role", "sites", "on_call", "position")
    details: dict[str, Any] = {field: changes[field] for field in plain if field in changes}
    details["fields"] = sorted(changes)
    record(session, actor, "change_staff_contact", "staff_contact", contact.id, details=details)

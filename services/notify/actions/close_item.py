"""Staff dealt with an item: they reached the patient, learned another number, or settled a doubt."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from services.notify.actions.link_contact import link_contact
from services.notify.actions.plan_visits_of import plan_visits_of
from services.notify.actions.record_contact import record_contact

CLOSE = """
UPDATE staff_item SET state = 'closed', closed_at = :now, closed_by = :by, outcome = :outcome, version = version + 1
WHERE id = :id AND state = 'open' RETURNING patient_id
"""


def close_item(
    session: Session, actor: Actor, item_id: UUID, outcome: str, *, phone: str = "", email: str = ""
) -> bool:
    """Close an open item; a new number or address takes the old one's place and the messages are planned again.

    `outcome` "reached" counts as having spoken with the patient. False when the item was not open.
    """
    values = {"now": now(session), "by": actor.id, "outcome": outcome, "id": item_id}
    closed = session.execute(text(CLOSE), values).first()
    if closed is None:
        return False
    given = {"phone": bool(phone), "email": bool(email)}
    record(session, actor, "close_staff_item", "staff_item", item_id, reason=outcome, details=given)
    if closed.patient_id is None:
        return True
    if outcome == "reached":
        record_contact(session, actor, closed.patient_id)
    for channel, address in (("sms", phone), ("email", email)):
        if address:
            link_contact(session, closed.patient_id, channel, address)
    if phone or email:
        plan_visits_of(session, [closed.patient_id])
    return True

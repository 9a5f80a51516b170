"""Tell the next person on call of an alert."""

from datetime import timedelta

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.ids import new_id
from services.notify.actions.open_staff_item import SYSTEM
from services.notify.actions.plan_professional import plan_professional
from services.notify.model import StaffAlert, StaffContact, StaffTold
from services.notify.queries.on_call import next_on_call
from services.notify.queries.readable import read_sealed
from services.notify.rules.professional_words import staff_matter

#: Issue 4: thoughts of self-harm are acknowledged in 15 minutes or passed on; used for every flag, unsigned (0110).
TO_ANSWER = timedelta(minutes=15)
#: Nobody is left on call: somebody who goes on call meanwhile hears of it this soon.
LOOK_AGAIN = timedelta(minutes=1)


def tell_next_person(session: Session, alert: StaffAlert) -> bool:
    """Tell the first in order who was not told yet, by text and e-mail; return whether there was one.

    The caller holds the alert's row. The name and the time are kept. The alert stays open in any case.
    """
    moment = now(session)
    if alert.alert_id is None:
        return False
    found = next_on_call(session, alert.alert_id, alert.roles, alert.site)
    alert.next_at = moment + (LOOK_AGAIN if found is None else TO_ANSWER)
    if found is None:
        return False
    contact = session.get_one(StaffContact, found)
    told = StaffTold(
        id=new_id(),
        alert_id=alert.alert_id,
        about_id=alert.about_id,
        contact_id=contact.id,
        role=contact.role,
        told_at=moment,
    )
    # A name that cannot be read stops nobody's alert: the next person is told, and the board says "Name not known".
    told.name = read_sealed(
        {"name": (contact.name_sealed, f"notify.staff_contact.name_sealed.{contact.id}")}
    )[0]["name"]
    session.add(told)
    session.flush()
    first = alert.opened_at is not None and moment - alert.opened_at < TO_ANSWER
    matter = staff_matter("callback_waits" if first else "callback_passed_on", alert.site)
    for channel, point in (("sms", contact.phone_point_id), ("email", contact.email_point_id)):
        if point is not None:
            plan_professional(
                session,
                "staff_alert",
                channel,
                cause_id=told.id,
                topic="staff",
                contact_point_id=point,
                values={"staff_matter": matter},
                urgent=True,
            )
    record(session, SYSTEM, "tell_staff", "staff_contact", contact.id, details={"about": str(alert.about_id)})
    return True

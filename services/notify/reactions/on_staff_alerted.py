"""Staff must look at something: write to those of the role, and say no more than that."""

from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kernel.contracts.professional_notice import StaffAlerted
from kernel.events import Event
from kernel.tell_dead_event import KIND
from services.notify.actions.open_staff_alert import open_staff_alert
from services.notify.actions.open_staff_item import open_staff_item
from services.notify.actions.plan_professional import plan_professional
from services.notify.model import StaffContact
from services.notify.rules.professional_words import staff_matter


def on_staff_alerted(session: Session, event: Event) -> None:
    """Tell one person after another of what somebody must answer; of anything else each contact of the role and site.

    An urgent matter goes by text and e-mail, any other by e-mail.

    What a service could not pass on is an item for staff as well: most clinics have nobody who reads `/ready`.
    What is not urgent is said once an hour for each kind and person, however many alerts of it come.
    """
    heard = StaffAlerted.model_validate(event.data)
    if heard.about_id is not None:
        open_staff_alert(session, heard.about_id, heard)
        return
    if heard.kind == KIND:
        open_staff_item(session, KIND, heard.alert_id, again=True)
    contacts = select(StaffContact).where(StaffContact.active, StaffContact.role.in_(heard.roles))
    if heard.site:
        contacts = contacts.where(or_(StaffContact.sites == [], StaffContact.sites.contains([heard.site])))
    for contact in session.scalars(contacts.order_by(StaffContact.id)).all():
        hour = "" if heard.urgent else f"{heard.kind}:{heard.site}:{heard.at:%Y-%m-%dT%H}"
        cause = uuid5(NAMESPACE_URL, f"alert:{contact.id}:{hour or heard.alert_id}")
        ways = [("sms", contact.phone_point_id)] if heard.urgent or contact.email_point_id is None else []
        for channel, point in [*ways, ("email", contact.email_point_id)]:
            if point is not None:
                plan_professional(
                    session,
                    "staff_alert",
                    channel,
                    cause_id=cause,
                    topic="staff",
                    contact_point_id=point,
                    values={"staff_matter": staff_matter(heard.kind, heard.site)},
                    urgent=heard.urgent,
                )

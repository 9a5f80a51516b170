"""A referral came to a milestone: write to who sent it, by their own number and without the patient."""

from sqlalchemy.orm import Session

from kernel.contracts.professional_notice import ReferrerNoticed
from kernel.events import Event
from services.notify.actions.add_contact import add_contact
from services.notify.actions.plan_professional import plan_professional
from services.notify.rules.professional_words import MILESTONES


def on_referrer_noticed(session: Session, event: Event) -> None:
    """Plan the notice's e-mail, once."""
    heard = ReferrerNoticed.model_validate(event.data)
    words = MILESTONES.get(heard.milestone)
    if words is None:
        return
    plan_professional(
        session,
        "referrer_notice",
        "email",
        cause_id=heard.notice_id,
        topic="referrer",
        contact_point_id=add_contact(session, "email", heard.email),
        values={"referral_number": heard.external_id, "milestone": words},
    )

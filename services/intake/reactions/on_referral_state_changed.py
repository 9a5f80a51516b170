"""The referral of a submission moved: the patient's status page shows it."""

from sqlalchemy.orm import Session

from kernel.contracts.referral_state_changed import ReferralStateChanged
from kernel.events import Event
from services.intake.actions.follow_referral import follow_referral
from services.intake.actions.send_status_link import READY, send_status_link


def on_referral_state_changed(session: Session, event: Event) -> None:
    """Follow the referral; once it is accepted, the patient is sent a link of their own."""
    told = ReferralStateChanged.model_validate(event.data)
    if follow_referral(session, told, state=told.to_state, route=told.route) in READY:
        send_status_link(session, told.referral_id)

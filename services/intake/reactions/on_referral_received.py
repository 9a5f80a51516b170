"""A referral came from outside: its patient can follow it here."""

from sqlalchemy.orm import Session

from kernel.contracts.referral_received import ReferralReceived
from kernel.events import Event
from services.intake.actions.follow_outside_referral import follow_outside_referral


def on_referral_received(session: Session, event: Event) -> None:
    """Follow the referral."""
    follow_outside_referral(session, ReferralReceived.model_validate(event.data))

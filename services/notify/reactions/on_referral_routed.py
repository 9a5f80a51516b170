"""A referral was routed. Staff confirm first: a patient is written to only once a visit is booked."""

from sqlalchemy.orm import Session

from kernel.contracts.referral_routed import ReferralRouted
from kernel.events import Event


def on_referral_routed(_session: Session, event: Event) -> None:
    """Check the contract, so that a drifting sender is noticed here too; there is nothing to plan."""
    ReferralRouted.model_validate(event.data)

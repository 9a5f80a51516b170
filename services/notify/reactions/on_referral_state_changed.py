"""A referral moved on. Messages follow visits, not states, so this only checks the contract."""

from sqlalchemy.orm import Session

from kernel.contracts.referral_state_changed import ReferralStateChanged
from kernel.events import Event


def on_referral_state_changed(_session: Session, event: Event) -> None:
    """Check the contract; there is nothing to plan."""
    ReferralStateChanged.model_validate(event.data)

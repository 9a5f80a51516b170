"""A referral moved on. Messages follow visits, not states, so nobody tells notify any more."""

from sqlalchemy.orm import Session

from kernel.contracts.referral_state_changed import ReferralStateChanged
from kernel.events import Event


def on_referral_state_changed(_session: Session, event: Event) -> None:
    """Nothing to do: heard so that what a release before decision 0267 still owes is not unknown here."""
    ReferralStateChanged.model_validate(event.data)

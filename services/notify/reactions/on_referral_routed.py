"""A referral was routed. A patient is written to only once a visit is booked, so nobody tells notify any more."""

from sqlalchemy.orm import Session

from kernel.contracts.referral_routed import ReferralRouted
from kernel.events import Event


def on_referral_routed(_session: Session, event: Event) -> None:
    """Nothing to do: heard so that what a release before decision 0267 still owes is not unknown here."""
    ReferralRouted.model_validate(event.data)

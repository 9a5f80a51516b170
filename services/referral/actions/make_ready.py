"""Put an accepted referral on the list to book, as soon as nothing holds it."""

from sqlalchemy.orm import Session

from kernel.context import Actor
from services.referral.actions.move_referral import move_referral
from services.referral.model.referral import Referral
from services.referral.rules.visibility import UNBOOKED_ROUTES


def make_ready(session: Session, actor: Actor, referral: Referral) -> bool:
    """Move to `to_book` when the route is one we book and no red flag is open; return whether it was moved."""
    if referral.state != "accepted" or referral.flagged or referral.route in UNBOOKED_ROUTES:
        return False
    move_referral(session, actor, referral, "to_book", deed="make_ready")
    return True

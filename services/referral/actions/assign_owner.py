"""Give a referral to the staff member who has it in hand."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from services.referral.model.referral import Referral


def assign_owner(session: Session, actor: Actor, referral: Referral, owner_id: str, owner_name: str) -> None:
    """Set the owner and raise the version; "" gives the referral back to everyone."""
    previous = referral.owner_id
    referral.owner_id, referral.owner_name = owner_id, owner_name
    referral.version += 1
    record(
        session,
        actor,
        "assign_referral",
        "referral",
        referral.id,
        details={"from": previous, "to": owner_id, "version": referral.version},
    )


def take_in_hand(actor: Actor, referral: Referral) -> None:
    """Make the acting staff member the owner of a referral nobody owns."""
    if not referral.owner_id and actor.kind == "staff":
        referral.owner_id, referral.owner_name = actor.id, actor.name

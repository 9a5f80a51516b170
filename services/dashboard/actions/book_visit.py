"""Book a visit for a referral through its owner, as the member of staff."""

from typing import Any
from uuid import UUID

from kernel.context import Actor
from services.dashboard.owners import Owners


def book_visit(owners: Owners, actor: Actor, referral_id: UUID, slot: dict[str, Any], *, key: str) -> Any:
    """Return the appointment; raises `OwnerAway` or `OwnerRefused` (409 slot_taken names alternatives)."""
    return owners.send("referral", "POST", f"/referrals/{referral_id}/appointments", actor, slot, key=key)

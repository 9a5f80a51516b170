"""Ask the owner everything that speaks against a visit before it is saved. Nothing is stored."""

from typing import Any
from uuid import UUID

from kernel.context import Actor
from services.dashboard.owners import Owners


def check_visit(owners: Owners, actor: Actor, referral_id: UUID, wish: dict[str, Any]) -> dict[str, Any]:
    """Return `conflicts`, `alternatives`, `may_overbook` and `visit`; raises `OwnerAway` or `OwnerRefused`.

    `wish`: as it would be booked; with `appointment_id`, the visit that moves there.
    """
    path = f"/referrals/{referral_id}/appointments/check"
    return dict(owners.send("referral", "POST", path, actor, wish))

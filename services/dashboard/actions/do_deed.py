"""Do a deed on a referral through its owner, as the member of staff, against the version they saw."""

from typing import Any
from uuid import UUID

from kernel.context import Actor
from services.dashboard.owners import Owners


def do_deed(
    owners: Owners,
    actor: Actor,
    referral_id: UUID,
    deed: str,
    body: dict[str, Any],
    *,
    version: int,
    key: str,
) -> Any:
    """Return the referral as it is now; raises `OwnerAway` or `OwnerRefused` (409, 412, 422)."""
    path = f"/referrals/{referral_id}/{deed.replace('_', '-')}"
    return owners.send("referral", "POST", path, actor, body, key=key, version=version)

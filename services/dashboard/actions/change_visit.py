"""Check in, record an outcome or cancel a visit through its owner, against the version seen."""

from typing import Any
from uuid import UUID

from kernel.context import Actor
from services.dashboard.owners import Owners


def change_visit(
    owners: Owners,
    actor: Actor,
    appointment_id: UUID,
    path: str,
    body: dict[str, Any],
    *,
    version: int,
    key: str,
) -> Any:
    """Return the appointment as it is now; raises `OwnerAway` or `OwnerRefused` (409, 412, 422)."""
    return owners.send(
        "referral", "POST", f"/appointments/{appointment_id}/{path}", actor, body, key=key, version=version
    )

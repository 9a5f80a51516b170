"""Free slots, soonest first."""

from typing import Any

from kernel.context import Actor
from services.dashboard.owners import Owners


def free_slots(
    owners: Owners,
    actor: Actor,
    *,
    visit_type: str,
    route: str = "",
    site: str = "",
    start: str = "",
    days: int = 10,
    limit: int = 60,
) -> list[dict[str, Any]]:
    """Return slots for a visit type from a day on; raises `OwnerAway` or `OwnerRefused`."""
    body = owners.get(
        "referral",
        "/slots",
        actor,
        visit_type=visit_type,
        route=route,
        site=site,
        from_=start,
        days=str(days),
        limit=str(limit),
    )
    return list(body.get("items") or [])

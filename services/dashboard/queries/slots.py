"""Free slots, soonest first."""

from itertools import groupby
from typing import Any
from uuid import UUID

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


def propose_sites(owners: Owners, actor: Actor, referral_id: UUID) -> dict[str, Any]:
    """Return the sites for the referral's first visit, best first, and whether the promise can be kept."""
    return dict(owners.get("referral", f"/referrals/{referral_id}/proposals", actor))


def by_day(slots: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the slots grouped by their day on the site's wall clock."""
    return [
        (day, list(group))
        for day, group in groupby(
            slots, key=lambda slot: str(slot.get("local_start") or slot.get("starts_at"))[:10]
        )
    ]

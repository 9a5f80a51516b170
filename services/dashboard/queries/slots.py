"""Free slots, soonest first."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from kernel.context import Actor
from services.dashboard.owners import Owners

DAYS_SHOWN = 10
# As many as the owner gives at once.
MOST_SHOWN = 100


@dataclass(frozen=True)
class ShownDays:
    """Whole days of slots, and the day the next page begins with.

    `cut`: one day had more times than a page holds; the rest of it is found by choosing a site.
    """

    days: list[tuple[str, list[dict[str, Any]]]]
    later: str
    cut: bool = False


def free_slots(
    owners: Owners,
    actor: Actor,
    *,
    visit_type: str,
    route: str = "",
    site: str = "",
    start: str = "",
    days: int = DAYS_SHOWN,
    limit: int = MOST_SHOWN,
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


def shown_days(
    slots: list[dict[str, Any]], start: str, today: date, *, days: int = DAYS_SHOWN, most: int = MOST_SHOWN
) -> ShownDays:
    """Return the days to show of a search from `start` (YYYY-MM-DD; `today` when it is no date) over `days` days.

    A search that gave `most` was cut somewhere in its last day: that day waits for the next page, or nobody would know
    that it has more times, and the days after it would be skipped.
    """
    found = by_day(slots)
    if len(slots) < most:
        return ShownDays(found, (_day(start, today) + timedelta(days=days)).isoformat())
    if len(found) > 1:
        return ShownDays(found[:-1], found[-1][0])
    return ShownDays(found, (_day(found[0][0], today) + timedelta(days=1)).isoformat(), cut=True)


def _day(text: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return otherwise

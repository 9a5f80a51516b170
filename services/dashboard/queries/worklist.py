"""Referrals as the owner orders them, with the counts of every lane."""

from dataclasses import dataclass, field
from typing import Any

from kernel.context import Actor
from services.dashboard.owners import Owners

FILTERS = ("state", "route", "priority", "site", "owner", "breached")


@dataclass(frozen=True)
class Worklist:
    """One page of a worklist. `hidden_urgent`: red flags and breaches the filter keeps out of sight."""

    items: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    open: int = 0
    next_cursor: str = ""
    hidden_urgent: int = 0


def worklist(
    owners: Owners, actor: Actor, filters: dict[str, str], *, cursor: str = "", limit: int = 50
) -> Worklist:
    """Return the referrals that match; raises `OwnerAway` or `OwnerRefused`."""
    given = {name: value for name, value in filters.items() if name in FILTERS}
    body = owners.get("referral", "/referrals", actor, cursor=cursor, limit=str(limit), **given)
    counts = {str(state): int(n) for state, n in (body.get("counts") or {}).items()}
    return Worklist(
        list(body.get("items") or []),
        counts,
        int(body.get("open") or sum(counts.values())),
        str(body.get("next_cursor") or ""),
        int(body.get("hidden_urgent") or 0),
    )

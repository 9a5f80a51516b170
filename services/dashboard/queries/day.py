"""A site's day: its visits in tabs, each with the one thing to do next."""

from dataclasses import dataclass
from typing import Any

from kernel.context import Actor
from services.dashboard.owners import Owners

TABS = (
    ("expected", "Expected", ("booked", "confirmed")),
    ("here", "Here", ("arrived",)),
    ("done", "Done", ("attended",)),
    ("not_coming", "Not coming", ("no_show", "cancelled")),
)


@dataclass(frozen=True)
class Tab:
    """One tab of the day."""

    name: str
    words: str
    rows: list[dict[str, Any]]


def day_list(owners: Owners, actor: Actor, day: str, site: str) -> list[dict[str, Any]]:
    """Return the visits of `day` (YYYY-MM-DD) at `site` ("" for all); raises `OwnerAway` or `OwnerRefused`."""
    rows: list[dict[str, Any]] = []
    cursor = ""
    for _ in range(10):
        body = owners.get("referral", "/appointments", actor, date=day, site=site, cursor=cursor)
        rows += body.get("items") or []
        cursor = str(body.get("next_cursor") or "")
        if not cursor:
            break
    return rows


def tabs_of(rows: list[dict[str, Any]]) -> list[Tab]:
    """Return every tab with its rows: by time, and among one time the unconfirmed first."""
    found = []
    for name, words, states in TABS:
        mine = [row for row in rows if row.get("state") in states]
        mine.sort(
            key=lambda row: (str(row.get("starts_at")), bool(row.get("confirmed_at")), str(row.get("id")))
        )
        found.append(Tab(name, words, mine))
    return found

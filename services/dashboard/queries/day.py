"""A site's day: its visits in tabs, each with the one thing to do next, and what waits for staff."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kernel.context import Actor
from services.dashboard.owners import Owners
from services.dashboard.rules.times import parse_time

TABS = (
    ("expected", "Expected", ("booked", "confirmed")),
    ("here", "Here", ("arrived",)),
    ("done", "Done", ("attended",)),
    ("not_coming", "Not coming", ("no_show", "cancelled")),
)
LATE_AFTER = {
    "booked": timedelta(minutes=10),
    "confirmed": timedelta(minutes=10),
    "arrived": timedelta(minutes=20),
}
MOST_PAGES = 10


@dataclass(frozen=True)
class Tab:
    """One tab of the day."""

    name: str
    words: str
    rows: list[dict[str, Any]]


def day_list(owners: Owners, actor: Actor, day: str, site: str) -> list[dict[str, Any]]:
    """Return the visits of `day` (YYYY-MM-DD) at `site` ("" for all); raises `OwnerAway` or `OwnerRefused`."""
    return _all_pages(owners, actor, date=day, site=site)


def waiting_visits(owners: Owners, actor: Actor, site: str) -> list[dict[str, Any]]:
    """Return the visits of any day about which a patient asked something, or whose outcome is missing."""
    return _all_pages(owners, actor, asks="any", site=site)


def _all_pages(owners: Owners, actor: Actor, **filters: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor = ""
    for _ in range(MOST_PAGES):
        body = owners.get("referral", "/appointments", actor, cursor=cursor, **filters)
        rows += body.get("items") or []
        cursor = str(body.get("next_cursor") or "")
        if not cursor:
            break
    return rows


def tabs_of(rows: list[dict[str, Any]], now: datetime) -> list[Tab]:
    """Return every tab with its rows: expected by time, the unconfirmed first; here by the longest wait."""
    found = []
    for name, words, states in TABS:
        mine = [row for row in rows if row.get("state") in states]
        mine.sort(
            key=lambda row: (str(row.get("starts_at")), bool(row.get("confirmed_at")), str(row.get("id")))
        )
        if name == "here":
            mine.sort(key=lambda row: str(row.get("state_since") or row.get("arrived_at") or ""))
        found.append(Tab(name, words, [{**row, "late": is_late(row, now)} for row in mine]))
    return found


def is_late(row: dict[str, Any], now: datetime) -> bool:
    """True for a patient expected ten minutes ago, or waiting here for twenty."""
    limit = LATE_AFTER.get(str(row.get("state")))
    since = parse_time(row.get("state_since") if row.get("state") == "arrived" else row.get("starts_at"))
    return limit is not None and since is not None and now - since > limit

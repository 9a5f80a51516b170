"""Every open referral of a person's sites, read in the owner's order."""

from typing import Any

from kernel.context import Actor
from services.dashboard.owners import Owners
from services.dashboard.queries.worklist import worklist

MOST_PAGES = 5


def read_open(owners: Owners, actor: Actor) -> list[dict[str, Any]]:
    """Return up to 500 open referrals, the most pressing first; raises `OwnerAway` or `OwnerRefused`."""
    rows: list[dict[str, Any]] = []
    cursor = ""
    for _ in range(MOST_PAGES):
        page = worklist(owners, actor, {}, cursor=cursor, limit=100)
        rows += page.items
        cursor = page.next_cursor
        if not cursor:
            break
    return rows

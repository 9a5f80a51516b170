"""What hardly changes: sites, visit types and providers, kept for a minute in the process."""

import time
from threading import Lock
from typing import Any

from kernel.context import Actor
from services.dashboard.owners import OwnerAway, OwnerRefused, Owners

FRESH_SECONDS = 60.0
FRESH_ENOUGH_SECONDS = 1.0

_kept: dict[tuple[int, str], tuple[float, list[dict[str, Any]]]] = {}
_lock = Lock()


def reference(owners: Owners, actor: Actor, what: str, *, naming: str = "") -> list[dict[str, Any]]:
    """Return the rows of `sites`, `visit-types`, `providers` or `routes`; the last good ones while the owner is away.

    With `naming` rows that do not name that id are read anew after a second already: it may have been added since.
    """
    place = (id(owners), what)
    with _lock:
        kept = _kept.get(place)
    if kept is not None:
        known = not naming or any(row.get("id") == naming and row.get("in_force", True) for row in kept[1])
        if time.monotonic() - kept[0] < (FRESH_SECONDS if known else FRESH_ENOUGH_SECONDS):
            return kept[1]
    try:
        rows = list(owners.get("referral", f"/{what}", actor).get("items") or [])
    except (OwnerAway, OwnerRefused):
        return kept[1] if kept is not None else []
    with _lock:
        _kept[place] = (time.monotonic(), rows)
    return rows


def forget_reference() -> None:
    """Read everything anew at the next asking."""
    with _lock:
        _kept.clear()


def names(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Return id to name; a name may come per language, then English."""
    found = {}
    for row in rows:
        name = row.get("name")
        found[str(row.get("id"))] = str(name.get("en") if isinstance(name, dict) else name or row.get("id"))
    return found

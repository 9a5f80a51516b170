"""Replies that wait for a person, and how sending goes."""

from typing import Any

from kernel.context import Actor
from services.dashboard.owners import Owners


def inbox_page(owners: Owners, actor: Actor, state: str, cursor: str = "") -> dict[str, Any]:
    """Return one page of replies in `state` (open or closed); raises `OwnerAway` or `OwnerRefused`."""
    found: dict[str, Any] = owners.get("notify", "/inbox", actor, state=state, limit="50", cursor=cursor)
    return found


def message_health(owners: Owners, actor: Actor) -> dict[str, Any]:
    """Return what is due, in doubt and waiting; raises `OwnerAway` or `OwnerRefused`."""
    found: dict[str, Any] = owners.get("notify", "/health-summary", actor)
    return found

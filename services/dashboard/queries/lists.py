"""Lists the owners keep that a page shows as they are."""

from typing import Any

from kernel.context import Actor
from services.dashboard.owners import Owners


def read_list(owners: Owners, actor: Actor, service: str, path: str, **params: str) -> list[dict[str, Any]]:
    """Return the items of one page of a list; raises `OwnerAway` or `OwnerRefused`."""
    return list(owners.get(service, path, actor, **params).get("items") or [])


def read_record(owners: Owners, actor: Actor, service: str, path: str, **params: str) -> dict[str, Any]:
    """Return one record; raises `OwnerAway` or `OwnerRefused`."""
    found: dict[str, Any] = owners.get(service, path, actor, **params)
    return found

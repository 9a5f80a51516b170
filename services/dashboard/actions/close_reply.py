"""Close a reply with what came of it, through its owner."""

from typing import Any
from uuid import UUID

from kernel.context import Actor
from services.dashboard.owners import Owners


def close_reply(owners: Owners, actor: Actor, reply_id: UUID, outcome: str, *, version: int, key: str) -> Any:
    """Return the reply as it is now; raises `OwnerAway` or `OwnerRefused` (409, 412)."""
    path = f"/inbox/{reply_id}/close"
    return owners.send("notify", "POST", path, actor, {"outcome": outcome}, key=key, version=version)

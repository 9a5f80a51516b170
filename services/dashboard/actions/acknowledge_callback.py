"""Take a red-flag call-back in hand."""

from typing import Any
from uuid import UUID

from kernel.context import Actor
from services.dashboard.owners import Owners


def acknowledge_callback(owners: Owners, actor: Actor, task_id: UUID, *, version: int, key: str) -> Any:
    """Say "I am calling"; raises `OwnerAway` or `OwnerRefused`."""
    path = f"/callback-tasks/{task_id}/acknowledge"
    return owners.send("intake", "POST", path, actor, {}, key=key, version=version)

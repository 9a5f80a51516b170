"""Close a red-flag call-back with what came of it."""

from typing import Any
from uuid import UUID

from kernel.context import Actor
from services.dashboard.owners import Owners


def close_callback(
    owners: Owners, actor: Actor, task_id: UUID, outcome: str, note: str, *, version: int, key: str
) -> Any:
    """Close the task with its outcome; raises `OwnerAway` or `OwnerRefused`."""
    body = {"outcome_code": outcome, "note": note}
    path = f"/callback-tasks/{task_id}/close"
    return owners.send("intake", "POST", path, actor, body, key=key, version=version)

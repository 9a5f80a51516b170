"""Who was told of each call-back."""

from typing import Any

from kernel.context import Actor
from services.dashboard.owners import Owners

#: As many as notify takes in one question.
AT_ONCE = 50


def who_was_told(owners: Owners, actor: Actor, task_ids: list[str]) -> dict[str, dict[str, Any]]:
    """Return what notify knows of each task's alert, by the task's id; raises `OwnerAway` or `OwnerRefused`."""
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(task_ids), AT_ONCE):
        about = ",".join(task_ids[start : start + AT_ONCE])
        body = owners.get("notify", "/staff-alerts", actor, about=about)
        found |= {str(one["about_id"]): one for one in body.get("items") or []}
    return found

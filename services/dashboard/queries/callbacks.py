"""Red-flag call-back tasks, the emergencies and the oldest first."""

from dataclasses import dataclass, field
from typing import Any

from kernel.context import Actor
from services.dashboard.owners import Owners


@dataclass(frozen=True)
class Board:
    """One page of tasks."""

    items: list[dict[str, Any]] = field(default_factory=list)
    more: bool = False


def callback_board(owners: Owners, actor: Actor, state: str) -> Board:
    """Return the tasks in `state` (open or done); raises `OwnerAway` or `OwnerRefused`."""
    body = owners.get("intake", "/callback-tasks", actor, state=state, limit="100")
    rows = list(body.get("items") or [])
    if state == "open":
        rows.sort(key=lambda row: (row.get("action") != "E", str(row.get("due_at")), str(row.get("id"))))
    return Board(rows, bool(body.get("next_cursor")))

"""Who is to act on a call-back, and when it passes to the next: times are arguments."""

from datetime import datetime, timedelta
from typing import Final

#: Role to act at each step; the last one keeps it until a person closes it.
ORDER: Final = ("nurse", "provider", "manager")
LAST_STEP: Final = len(ORDER) - 1
STEP: Final = timedelta(minutes=15)


def next_due(
    step: int,
    opened_at: datetime,
    due_at: datetime,
    acknowledge_by: datetime | None,
    escalated_at: datetime | None,
) -> datetime:
    """When the task leaves `step` unless somebody acknowledges it: first its own time, then every 15 minutes."""
    if step == 0:
        first = min(due_at, acknowledge_by) if acknowledge_by is not None else due_at
        return max(first, opened_at)
    return (escalated_at or opened_at) + STEP


def who_acts(step: int) -> str:
    """The staff role the task is with."""
    return ORDER[min(step, LAST_STEP)]

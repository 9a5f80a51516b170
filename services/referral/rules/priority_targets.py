"""How soon each priority class must be met, read from the protocol document's `priorities`."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.referral.rules.business_clock import Target


def target_of(priorities: Sequence[Mapping[str, Any]], priority: str) -> Target:
    """Return the target of `priority`; raises KeyError when the document does not have that class.

    `target_minutes` run on the wall clock, `target_hours` in business hours, days as `business_clock.due_at` says.
    """
    for entry in priorities:
        if entry["id"] == priority:
            return Target(
                minutes=entry.get("target_minutes"),
                business_hours=entry.get("target_hours"),
                business_days=entry.get("target_business_days"),
                days=entry.get("target_days"),
            )
    raise KeyError(priority)

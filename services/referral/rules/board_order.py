"""Whose turn it is: booked patients at their time, walk-ins once they have waited long enough, the urgent first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# A walk-in gives way to booked patients for this long, then goes first: nobody waits all day behind a full book.
WALK_IN_PATIENCE = timedelta(minutes=75)


@dataclass(frozen=True, slots=True)
class Here:
    """Somebody in the waiting room. `due_at`: the time of their visit; None for a walk-in."""

    id: str
    arrived_at: datetime
    due_at: datetime | None
    urgent: bool = False


def turn_of(one: Here) -> datetime:
    """Return the moment from which it is this patient's turn.

    Who comes early waits for their time, who comes late takes their place when they come, a walk-in is due once the
    patience is over.
    """
    if one.due_at is None:
        return one.arrived_at + WALK_IN_PATIENCE
    return max(one.due_at, one.arrived_at)


def board_order(waiting: list[Here]) -> list[Here]:
    """Return the waiting room in the order in which people are called."""
    return sorted(waiting, key=lambda one: (not one.urgent, turn_of(one), one.arrived_at, one.id))

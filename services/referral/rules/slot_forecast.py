"""When a site runs out of slots: how fast its free slots go, by weekday, and how wrong that was before.

Both sides are counts kept each morning (`Supply`): how many starts of a visit type are still free on each of the next
days. What disappears from one morning to the next is the demand, whatever took it: bookings of any type, holds,
closures. The model is deliberately small: how many slots go on each weekday, and how they spread over the days ahead,
both averages. Its error is told beside it, from the same mornings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean

from services.referral.rules.calendar_time import DAY

# How far a shortage is looked for, and how many mornings a rate and its back-test rest on. Fewer than MIN_MORNINGS say
# nothing about every weekday twice.
HORIZON_DAYS = 14
DAYS_COUNTED = 28
RATE_MORNINGS = 56
MIN_MORNINGS = 14
# Less than half a slot left is none: rates are fractions.
NONE_LEFT = 0.5


@dataclass(frozen=True, slots=True)
class Supply:
    """One morning at one site for one visit type: `free[i]` starts are free on the `i`-th day from `day` on."""

    day: date
    free: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BackTest:
    """How earlier forecasts came out. `mean_error_days` counts a shortage that never came as the day after the horizon.

    Of `forecasts` made on past mornings, a shortage was rightly called `called` times, came without being called
    `missed` times, and was called but did not come `false_alarms` times.
    """

    forecasts: int
    mean_error_days: float
    called: int
    missed: int
    false_alarms: int


@dataclass(frozen=True, slots=True)
class Demand:
    """How many free slots go on an average day of each weekday (0 = Monday), and their shares by days ahead."""

    by_weekday: tuple[float, ...]
    by_days_ahead: tuple[float, ...]


MONDAY = date(2026, 11, 23)
NO_DEMAND = Demand((0.0,) * 7, ())


def demand(history: Sequence[Supply]) -> Demand:
    """Learn the demand from mornings a day apart; `history` is oldest first, its last `RATE_MORNINGS` count.

    A weekday or a day ahead on which more came free than went counts as none.
    """
    gone: dict[int, list[int]] = {}
    ahead = [0] * DAYS_COUNTED
    for before, after in zip(history[-RATE_MORNINGS:], history[-RATE_MORNINGS:][1:], strict=False):
        if after.day - before.day != DAY:
            continue
        went = [then - now for then, now in zip(before.free[1:], after.free, strict=False)]
        gone.setdefault(before.day.weekday(), []).append(sum(went))
        for place, count in enumerate(went, start=1):
            ahead[place] += count
    spread = [max(0, count) for count in ahead]
    every = sum(spread) or 1
    return Demand(
        tuple(max(0.0, fmean(gone[weekday])) if weekday in gone else 0.0 for weekday in range(7)),
        tuple(count / every for count in spread),
    )


def days_until_none(
    supply: Supply, demand: Demand, open_weekdays: frozenset[int], horizon: int = HORIZON_DAYS
) -> int | None:
    """Return in how many days no slot is left for that day or the next open day (the clinic's promise); None: not soon.

    0 means it is so today. Whoever finds a day full takes the next one.
    """
    left = [float(count) for count in supply.free]
    for ahead in range(min(horizon + 1, len(left))):
        if sum(left[ahead : _promised(supply.day, ahead, open_weekdays) + 1]) < NONE_LEFT:
            return ahead
        going = demand.by_weekday[(supply.day + ahead * DAY).weekday()]
        waiting = 0.0
        for later in range(ahead + 1, len(left)):
            days_ahead = later - ahead
            if days_ahead < len(demand.by_days_ahead):
                waiting += going * demand.by_days_ahead[days_ahead]
            taken = min(waiting, left[later])
            left[later] -= taken
            waiting -= taken
    return None


def horizon_of(days_opened: int, open_weekdays: frozenset[int]) -> int:
    """Return how many days ahead a shortage can be told of a kind of visit whose days open `days_opened` ahead.

    A day that has not opened yet has no free slot and is no shortage: nothing is told that would have to look at it.
    """
    longest = max(_promised(MONDAY + weekday * DAY, 0, open_weekdays) for weekday in range(7))
    return max(0, min(HORIZON_DAYS, days_opened - 1 - longest))


def _promised(day: date, ahead: int, open_weekdays: frozenset[int]) -> int:
    """Return the last day, counted from `day`, on which a visit asked for `ahead` days on is still in time."""
    last = ahead + 1
    while open_weekdays and (day + last * DAY).weekday() not in open_weekdays:
        last += 1
    return last


def back_test(
    history: Sequence[Supply], open_weekdays: frozenset[int], horizon: int = HORIZON_DAYS
) -> BackTest | None:
    """Forecast from every past morning that had history enough and whose future is known; None when there is none.

    Mornings on which the slots had run out already are left out: nothing was forecast there.
    """
    empty = {supply.day: days_until_none(supply, NO_DEMAND, open_weekdays, 0) == 0 for supply in history}
    errors: list[int] = []
    called = missed = false_alarms = 0
    for place in range(MIN_MORNINGS, len(history)):
        supply = history[place]
        future = [supply.day + ahead * DAY for ahead in range(horizon + 1)]
        came = next((ahead for ahead, day in enumerate(future) if empty.get(day)), None)
        if came == 0 or (came is None and not all(day in empty for day in future)):
            continue
        told = days_until_none(supply, demand(history[: place + 1]), open_weekdays, horizon)
        never = horizon + 1
        errors.append(abs((never if told is None else told) - (never if came is None else came)))
        called += told is not None and came is not None
        missed += told is None and came is not None
        false_alarms += told is not None and came is None
    if not errors:
        return None
    return BackTest(len(errors), round(fmean(errors), 1), called, missed, false_alarms)

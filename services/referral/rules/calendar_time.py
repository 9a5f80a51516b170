"""Wall clocks and instants: which instants a local time names, and how a local day lies on the UTC line.

A clock change makes one wall time name no instant (the gap) or two (the repeated hour). Nothing here guesses: a
caller that has to choose is told what there is to choose from.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


class NoSuchLocalTime(ValueError):
    """The clocks jump over this local time on that day."""


class AmbiguousLocalTime(ValueError):
    """The local time comes twice on that day; `choices` are the two instants, earlier first."""

    def __init__(self, choices: tuple[datetime, ...]) -> None:
        super().__init__("that local time comes twice on that day")
        self.choices = choices


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one local day with one offset from UTC. `starts_at` and `ends_at` are UTC; local = UTC + offset."""

    starts_at: datetime
    ends_at: datetime
    offset: timedelta


def instants_of(local: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return the instants (UTC) at which clocks in `zone` show the naive time `local`: none, one or two."""
    found = {
        instant
        for fold in (0, 1)
        if (instant := local.replace(tzinfo=zone, fold=fold).astimezone(UTC))
        and instant.astimezone(zone).replace(tzinfo=None) == local
    }
    return tuple(sorted(found))


def resolve_local_time(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the one instant (UTC) the naive `local` names; raises NoSuchLocalTime or AmbiguousLocalTime."""
    instants = instants_of(local, zone)
    if not instants:
        raise NoSuchLocalTime("that local time does not exist on that day")
    if len(instants) > 1:
        raise AmbiguousLocalTime(instants)
    return instants[0]


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """Return the date clocks in `zone` show at `instant`."""
    return instant.astimezone(zone).date()


def day_starts_at(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant (UTC) of the local `day`."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


@lru_cache(maxsize=4096)
def day_segments(day: date, zone: ZoneInfo) -> tuple[Segment, ...]:
    """Return the local day cut where the offset changes: one segment on most days, two on a day of a clock change.

    Segments meet without gap or overlap; together they last 23, 24 or 25 hours in zones that shift by an hour.
    """
    starts_at, ends_at = day_starts_at(day, zone), day_starts_at(day + DAY, zone)
    before, after = _offset(starts_at, zone), _offset(ends_at - MINUTE, zone)
    if before == after:
        return (Segment(starts_at, ends_at, before),)
    low, high = starts_at, ends_at - MINUTE
    while high - low > MINUTE:
        middle = low + ((high - low) // 2 // MINUTE) * MINUTE
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return Segment(starts_at, high, before), Segment(high, ends_at, after)


def wall_intervals(
    day: date, from_minute: int, until_minute: int, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the UTC intervals in which clocks show `day` between two minutes of the day (0 to 1440).

    09:00-17:00 is 09:00-17:00 on the wall whatever the offset; hours a clock skips are not there, hours it
    repeats are there twice.
    """
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    for segment in day_segments(day, zone):
        opens = max(segment.starts_at, midnight + from_minute * MINUTE - segment.offset)
        closes = min(segment.ends_at, midnight + until_minute * MINUTE - segment.offset)
        if opens < closes:
            yield opens, closes


def days_touched(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> Iterator[date]:
    """Yield every local date that [starts_at, ends_at) touches."""
    day, last = local_date(starts_at, zone), local_date(ends_at - MINUTE, zone)
    while day <= last:
        yield day
        day += DAY


def local_label(instant: datetime, zone: ZoneInfo) -> str:
    """Return `instant` as clocks in `zone` show it, with the offset: 2026-11-24T09:00:00-06:00."""
    return instant.astimezone(zone).isoformat(timespec="seconds")


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    offset = instant.astimezone(zone).utcoffset()
    if offset is None:
        raise ValueError("the zone has no offset")
    return offset

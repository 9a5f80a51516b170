"""Clocks that run only while a site is open: due times, pauses and ages in business hours."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONGEST_SEARCH_DAYS = 370


@dataclass(frozen=True)
class BusinessCalendar:
    """When a site is open: weekday (Monday = 0) to its opening windows in local time, and closed dates."""

    time_zone: str
    windows: Mapping[int, tuple[tuple[time, time], ...]]
    closed_on: frozenset[date] = field(default_factory=frozenset)

    def open_spans(self, from_day: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield the open spans (UTC) of each day from `from_day` on, in order."""
        zone = ZoneInfo(self.time_zone)
        for offset in range(LONGEST_SEARCH_DAYS):
            day = from_day + timedelta(days=offset)
            if day in self.closed_on:
                continue
            for opens, closes in self.windows.get(day.weekday(), ()):
                start = datetime.combine(day, opens, zone).astimezone(UTC)
                end = datetime.combine(day, closes, zone).astimezone(UTC)
                if end > start:
                    yield start, end


@dataclass(frozen=True, slots=True)
class Target:
    """How soon a priority class must be met; exactly one of the four is set (`tables.yaml: priorities`)."""

    minutes: float | None = None
    business_hours: float | None = None
    business_days: int | None = None
    days: int | None = None


class NeverOpen(ValueError):
    """The calendar has no opening hours within a year, so no due time can be told."""


def due_at(start: datetime, target: Target, calendar: BusinessCalendar) -> datetime:
    """Return when `target` counted from `start` is due, in UTC.

    Minutes run on the wall clock. Business hours run while the site is open. Business days and days end with
    the last opening hours of the day they fall on (or of the next open day, for calendar days).
    """
    if target.minutes is not None:
        return start.astimezone(UTC) + timedelta(minutes=target.minutes)
    if target.business_hours is not None:
        return add_business_time(start, timedelta(hours=target.business_hours), calendar)
    local_day = start.astimezone(ZoneInfo(calendar.time_zone)).date()
    if target.business_days is not None:
        return _close_of_open_day(local_day + timedelta(days=1), target.business_days, calendar)
    if target.days is not None:
        return _close_of_open_day(local_day + timedelta(days=target.days), 1, calendar)
    raise ValueError("a target names its length")


def add_business_time(start: datetime, length: timedelta, calendar: BusinessCalendar) -> datetime:
    """Return the moment when `length` of opening time has passed since `start`; raises `NeverOpen`."""
    left = length
    moment = start.astimezone(UTC)
    for opens, closes in calendar.open_spans(_local_day(moment, calendar)):
        if closes <= moment:
            continue
        begin = max(opens, moment)
        if closes - begin >= left:
            return begin + left
        left -= closes - begin
    raise NeverOpen(calendar.time_zone)


def business_time_between(start: datetime, end: datetime, calendar: BusinessCalendar) -> timedelta:
    """Return how much opening time lies between two moments; zero when `end` is not after `start`."""
    total = timedelta()
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    if last <= first:
        return total
    day = _local_day(first, calendar)
    while True:
        for opens, closes in calendar.open_spans(day):
            if opens >= last:
                return total
            if closes > first:
                total += min(closes, last) - max(opens, first)
        day += timedelta(days=LONGEST_SEARCH_DAYS)
        if datetime.combine(day, time(), UTC) > last + timedelta(days=1):
            return total


def _local_day(moment: datetime, calendar: BusinessCalendar) -> date:
    return moment.astimezone(ZoneInfo(calendar.time_zone)).date()


def _close_of_open_day(first_day: date, count: int, calendar: BusinessCalendar) -> datetime:
    """Return the closing time of the `count`-th open day from `first_day` on (that day included)."""
    zone = ZoneInfo(calendar.time_zone)
    seen: date | None = None
    closing: datetime | None = None
    opened = 0
    for opens, closes in calendar.open_spans(first_day):
        day = opens.astimezone(zone).date()
        if day != seen:
            if opened == count and closing is not None:
                return closing
            seen, opened = day, opened + 1
        closing = closes
    raise NeverOpen(calendar.time_zone)

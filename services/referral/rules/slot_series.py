"""The dates of a therapy series: the same wall time on chosen weekdays, whatever the clocks do in between."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

LONGEST_WEEKS = 26


def series_starts(first: datetime, weekdays: frozenset[int], count: int) -> Iterator[datetime]:
    """Yield `count` local (naive) starts from `first` on, on these weekdays (0 = Monday), at its wall time.

    `first` itself counts when its weekday is among them. Raises ValueError without weekdays.
    """
    if not weekdays:
        raise ValueError("a series needs a weekday")
    day: date = first.date()
    for _ in range(LONGEST_WEEKS * 7):
        if count <= 0:
            return
        if day.weekday() in weekdays:
            count -= 1
            yield datetime.combine(day, first.time())
        day += timedelta(days=1)

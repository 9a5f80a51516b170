"""A day or a moment some calendar units later or earlier, as FHIRPath reckons with them."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

#: Words for amounts of time in an expression; of each, several too ("7 days").
CALENDAR: Final = frozenset({"year", "month", "week", "day", "hour", "minute", "second"})
_MONTHS: Final = {"year": 12, "month": 1}


def move_moment(text: str, amount: int, unit: str) -> str:
    """`text` (YYYY-MM-DD, or a dateTime) moved by `amount` of `unit`; the last day of a month stays in its month.

    Raises ValueError for what is no day, for hours of a day, and beyond the calendar.
    """
    unit = unit.removesuffix("s")
    moment = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    if unit in _MONTHS:
        months = moment.year * 12 + moment.month - 1 + amount * _MONTHS[unit]
        year, month = divmod(months, 12)
        if not 1 <= year <= 9_999:
            raise ValueError("beyond the calendar")
        moved = moment.replace(
            year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1])
        )
    elif isinstance(moment, datetime) or unit in ("week", "day"):
        moved = moment + timedelta(**{f"{unit}s": amount})
    else:
        raise ValueError("a day has no hours")
    return moved.isoformat(timespec="seconds") if isinstance(moved, datetime) else moved.isoformat()


def is_amount_of_time(value: Any) -> bool:
    """Is it an amount of calendar units?"""
    return isinstance(value, Mapping) and str(value.get("unit", "")).removesuffix("s") in CALENDAR

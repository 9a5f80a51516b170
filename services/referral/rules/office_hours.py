"""The clinic group's own office hours: the clock of a referral whose site is not chosen yet."""

from collections.abc import Callable
from datetime import datetime, time

from services.referral.rules.business_clock import BusinessCalendar, NeverOpen

_DAY = ((time(8), time(17)),)

OFFICE_HOURS = BusinessCalendar(
    time_zone="America/Chicago",
    windows=dict.fromkeys(range(5), _DAY),
)


def reckon_in(calendar: BusinessCalendar, reckon: Callable[[BusinessCalendar], datetime]) -> datetime:
    """Return what `reckon` gives for the site's calendar, or for the office's when the site opens too seldom for it.

    A site whose hours were taken away must not keep a visit from being cancelled or a referral from being due.
    """
    try:
        return reckon(calendar)
    except NeverOpen:
        return reckon(OFFICE_HOURS)

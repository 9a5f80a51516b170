"""The clinic group's own office hours: the clock of a referral whose site is not chosen yet."""

from datetime import time

from services.referral.rules.business_clock import BusinessCalendar

_DAY = ((time(8), time(17)),)

OFFICE_HOURS = BusinessCalendar(
    time_zone="America/Chicago",
    windows=dict.fromkeys(range(5), _DAY),
)

"""When a text may reach a phone: by the clock on the recipient's wall, or by every US clock when theirs is unknown.

47 CFR 64.1200(c)(1) bars calls before 8:00 and after 21:00 where the recipient is; we plan inside 9:00-20:00,
because some states stop earlier, and never send outside the legal window.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# One clock for each way the states and territories keep time. From Guam to Puerto Rico they share about an hour of
# the usual window a day and three of the legal one, so a postcode or a zone is worth asking for.
US_ZONES = (
    "America/Puerto_Rico",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Adak",
    "Pacific/Honolulu",
    "Pacific/Pago_Pago",
    "Pacific/Guam",
)
_ALL_US = tuple(ZoneInfo(name) for name in US_ZONES)
_MOST_ROUNDS = 16


@dataclass(frozen=True, slots=True)
class Window:
    """Local times from `start` (included) to `end` (not included) at which a message may arrive."""

    start: time
    end: time


LEGAL = Window(time(8), time(21))
USUAL = Window(time(9), time(20))


def recipient_zones(time_zone: str) -> tuple[ZoneInfo, ...]:
    """The clocks to obey for a recipient: their own, or, when the name is empty or no zone, every US clock."""
    if not time_zone:
        return _ALL_US
    try:
        return (ZoneInfo(time_zone),)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return _ALL_US


def may_arrive(at: datetime, zones: tuple[ZoneInfo, ...], window: Window = LEGAL) -> bool:
    """True when `at` (aware) lies inside `window` on every one of `zones`."""
    return all(window.start <= at.astimezone(zone).time() < window.end for zone in zones)


def next_open(at: datetime, zones: tuple[ZoneInfo, ...], window: Window = USUAL) -> datetime:
    """The first moment from `at` on that lies inside `window` on every clock. Raises ValueError if there is none."""
    moment = at
    for _ in range(_MOST_ROUNDS):
        later = max(_next_open_on(moment, zone, window) for zone in zones)
        if later == moment:
            return moment
        moment = later
    raise ValueError("the windows of these zones do not overlap")


def _next_open_on(at: datetime, zone: ZoneInfo, window: Window) -> datetime:
    local = at.astimezone(zone)
    if window.start <= local.time() < window.end:
        return at
    day = local.date() if local.time() < window.start else local.date() + timedelta(days=1)
    return datetime.combine(day, window.start, zone).astimezone(at.tzinfo)


def last_close(at: datetime, zones: tuple[ZoneInfo, ...], window: Window = USUAL) -> datetime:
    """The last moment not after `at` at which `window` closed on some clock; what is sent before it had to be
    sent inside the window before that."""
    closes = []
    for zone in zones:
        local = at.astimezone(zone)
        day = local.date() if local.time() >= window.end else local.date() - timedelta(days=1)
        closes.append(datetime.combine(day, window.end, zone).astimezone(at.tzinfo))
    return min(closes)

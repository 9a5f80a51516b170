"""Times in words: how long, how late, and on the clinic's wall clock."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CLINIC_ZONE = "America/Chicago"
SOON = timedelta(hours=2)
# Monday is 0, as in every form and in what the owners say.
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SHORT_DAY_NAMES = tuple(name[:3] for name in DAY_NAMES)


@dataclass(frozen=True)
class Due:
    """A due time as shown: `level` is over, soon or calm."""

    words: str
    level: str


def parse_time(value: object) -> datetime | None:
    """Return the moment written in ISO 8601 with an offset, or None for anything else."""
    if not isinstance(value, str) or not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def span(length: timedelta) -> str:
    """Return a length in its largest sensible unit: 40 min, 3 h, 2 d, 5 wk."""
    minutes = int(abs(length.total_seconds()) // 60)
    if minutes < 1:
        return "under 1 min"
    if minutes < 90:
        return f"{minutes} min"
    hours = minutes // 60
    if hours < 36:
        return f"{hours} h"
    days = round(minutes / 1440)
    return f"{days} d" if days < 21 else f"{days // 7} wk"


def due_in(due_at: datetime, now: datetime) -> Due:
    """Return how much time is left, or how far over it is."""
    left = due_at - now
    if left < timedelta():
        return Due(f"{span(left)} over", "over")
    return Due(f"in {span(left)}", "soon" if left <= SOON else "calm")


def local(moment: datetime, zone: str = CLINIC_ZONE) -> datetime:
    """Return the moment on the wall clock of `zone`."""
    return moment.astimezone(ZoneInfo(zone))


def clock_time(moment: datetime, zone: str = CLINIC_ZONE) -> str:
    """Return 9:05 am."""
    there = local(moment, zone)
    return f"{there.hour % 12 or 12}:{there:%M} {'am' if there.hour < 12 else 'pm'}"


def day_words(day: date, today: date) -> str:
    """Return Today, Tomorrow, Yesterday or Thu 3 Dec."""
    near = {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}
    return near.get((day - today).days) or f"{day:%a} {day.day} {day:%b}"


def weekday_words(text: str) -> str:
    """Return Tue 24 Nov for a date written YYYY-MM-DD, or the text itself."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day:%a} {day.day} {day:%b}"


def when(moment: datetime, now: datetime, zone: str = CLINIC_ZONE) -> str:
    """Return the day in words and the time of day."""
    there = local(moment, zone)
    return f"{day_words(there.date(), local(now, zone).date())} {clock_time(moment, zone)}"


def age_on(birth_date: str, today: date) -> int | None:
    """Return whole years, or None when the date is not one."""
    try:
        born = date.fromisoformat(birth_date)
    except ValueError:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def clock_changes(zone: str, after: date, count: int) -> list[date]:
    """The next `count` days after `after` on which the clocks of `zone` change; fewer when two years have none."""
    place = ZoneInfo(zone)
    found: list[date] = []
    for ahead in range(1, 740):
        day = after + timedelta(days=ahead)
        before = datetime.combine(day, time(0), place).utcoffset()
        if datetime.combine(day + timedelta(days=1), time(0), place).utcoffset() != before:
            found.append(day)
        if len(found) == count:
            break
    return found

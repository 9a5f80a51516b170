"""When a site is open, as the clocks need it."""

from collections.abc import Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from services.referral.rules.business_clock import BusinessCalendar
from services.referral.rules.office_hours import OFFICE_HOURS

# Every move of a referral asks this: one journey to the database instead of three.
CALENDAR = """
SELECT time_zone,
    (SELECT coalesce(json_agg(json_build_array(weekday, from_minute, until_minute) ORDER BY weekday, from_minute), '[]')
     FROM site_hours WHERE site_id = site.id AND valid_from <= (CAST(:now AS timestamptz) AT TIME ZONE time_zone)::date
     AND (valid_until IS NULL OR valid_until >= (CAST(:now AS timestamptz) AT TIME ZONE time_zone)::date)) AS hours,
    (SELECT coalesce(json_agg(json_build_array(starts_at, ends_at)), '[]')
     FROM closure WHERE site_id = site.id AND lifted_at IS NULL AND ends_at > :now) AS closures
FROM site WHERE id = :site
"""


def site_calendar(session: Session, site: str) -> BusinessCalendar:
    """Return the opening hours and closed days of `site`, or the group's office hours while no site is chosen."""
    values = {"site": site, "now": now(session)}
    with session.no_autoflush:
        row = session.execute(text(CALENDAR), values).first() if site else None
    if row is None or not row.hours:
        return OFFICE_HOURS
    windows: dict[int, tuple[tuple[time, time], ...]] = {}
    for weekday, from_minute, until_minute in row.hours:
        windows[weekday] = (*windows.get(weekday, ()), (_time(from_minute), _time(until_minute)))
    return BusinessCalendar(
        row.time_zone, windows, frozenset(_closed_days(row.closures, ZoneInfo(row.time_zone)))
    )


def _closed_days(closures: Sequence[tuple[str, str]], zone: ZoneInfo) -> list[date]:
    """Whole days on which the site is closed; a closure of some hours does not stop the clock."""
    days: list[date] = []
    for begins, ends in closures:
        starts_at, ends_at = datetime.fromisoformat(begins), datetime.fromisoformat(ends)
        day = starts_at.astimezone(zone).date().toordinal()
        last = ends_at.astimezone(zone).date().toordinal()
        for ordinal in range(day, last + 1):
            opens = datetime.combine(date.fromordinal(ordinal), time(), zone)
            closes = datetime.combine(date.fromordinal(ordinal + 1), time(), zone)
            if starts_at <= opens and ends_at >= closes:
                days.append(date.fromordinal(ordinal))
    return days


def _time(minute: int) -> time:
    return time.max if minute >= 24 * 60 else time(minute // 60, minute % 60)

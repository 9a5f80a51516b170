"""When a site is open, as the clocks need it."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kernel.clock import now
from services.referral.model.schedule import Closure, Site, SiteHours
from services.referral.rules.business_clock import BusinessCalendar
from services.referral.rules.office_hours import OFFICE_HOURS


def site_calendar(session: Session, site: str) -> BusinessCalendar:
    """Return the opening hours and closed days of `site`, or the group's office hours while no site is chosen."""
    zone = session.scalar(select(Site.time_zone).where(Site.id == site)) if site else None
    if zone is None:
        return OFFICE_HOURS
    today = now(session).astimezone(ZoneInfo(zone)).date()
    hours = session.scalars(
        select(SiteHours)
        .where(
            SiteHours.site_id == site,
            SiteHours.valid_from <= today,
            or_(SiteHours.valid_until.is_(None), SiteHours.valid_until >= today),
        )
        .order_by(SiteHours.weekday, SiteHours.from_minute)
    )
    windows: dict[int, tuple[tuple[time, time], ...]] = {}
    for row in hours:
        span = (_time(row.from_minute), _time(row.until_minute))
        windows[row.weekday] = (*windows.get(row.weekday, ()), span)
    if not windows:
        return OFFICE_HOURS
    return BusinessCalendar(zone, windows, frozenset(_closed_days(session, site, ZoneInfo(zone))))


def _closed_days(session: Session, site: str, zone: ZoneInfo) -> list[date]:
    """Whole days on which the site is closed; a closure of some hours does not stop the clock."""
    standing = select(Closure.starts_at, Closure.ends_at).where(
        Closure.site_id == site, Closure.lifted_at.is_(None), Closure.ends_at > now(session)
    )
    days: list[date] = []
    for starts_at, ends_at in session.execute(standing):
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

"""The clinic's sites, people, rooms and kinds of visit, kept in the process until one of them changes.

One number in the database, `clinic_revision`, changes with every change to any of them and is never given twice. What
was read under a number is good for as long as it stands; every use asks for the number, or has it asked later.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.database import address_of
from kernel.rows import bare_cursor, cursor
from services.referral.model.base import Base
from services.referral.model.schedule import Closure, Provider, Room, Site, SiteHours, VisitType
from services.referral.rules.business_clock import BusinessCalendar
from services.referral.rules.calendar_time import DAY, local_date
from services.referral.rules.slots import Interval, WeeklyHours

T = TypeVar("T", bound=Base)
REVISION = "SELECT number FROM clinic_revision WHERE one_row"
MOST_CALENDARS = 500
# Closures that ended longer ago are no longer asked for by anything that is still to come.
PAST = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class ClinicRecords:
    """The records by id, active or not, as they stood at `revision`; nobody changes them, no session holds them.

    `hours` and `closures` (those not lifted) are the sites'. `calendars` keeps what was worked out of them.
    """

    revision: int
    sites: Mapping[str, Site]
    providers: Mapping[str, Provider]
    rooms: Mapping[str, Room]
    visit_types: Mapping[str, VisitType]
    hours: Mapping[str, Sequence[WeeklyHours]]
    closures: Mapping[str, Sequence[Interval]]
    calendars: dict[tuple[str, date], BusinessCalendar | None] = field(default_factory=dict)


_kept: dict[str, ClinicRecords] = {}


def clinic_revision(session: Session) -> int:
    """Return the number of the clinic's present facts, what this session has changed of them included."""
    (found,) = cursor(session).execute(REVISION).fetchall()
    return int(found.number)


def clinic_records(session: Session, *, unwritten: bool = False) -> ClinicRecords:
    """Return the records as they stand: as kept, or read anew when something changed since.

    `unwritten`: what this session has changed and not written stays unwritten (the caller changes none of these).
    """
    look = bare_cursor(session) if unwritten else cursor(session)
    (found,) = look.execute(REVISION).fetchall()
    kept = _kept.get(address_of(session))
    if kept is not None and kept.revision == found.number:
        return kept
    while True:
        with session.no_autoflush:
            records = _read(session, int(found.number))
        (after,) = look.execute(REVISION).fetchall()
        # As long as nothing changed between the number and the last of the records.
        if after.number == records.revision:
            _kept[address_of(session)] = records
            return records
        found = after


def kept_records(session: Session) -> ClinicRecords:
    """Return the records as last read in this process, read now if never: whoever uses them compares `revision`."""
    return kept_at(address_of(session)) or clinic_records(session)


def kept_at(address: str) -> ClinicRecords | None:
    """As `kept_records`, but of the database at `address`, and None when they were never read."""
    return _kept.get(address)


def calendar_at(records: ClinicRecords, site_id: str, moment: datetime) -> BusinessCalendar | None:
    """Return when the site is open, by the hours that hold on the day of `moment`; None when it has no hours."""
    site = records.sites.get(site_id)
    if site is None:
        return None
    place = (site_id, local_date(moment, ZoneInfo(site.time_zone)))
    if place not in records.calendars:
        if len(records.calendars) >= MOST_CALENDARS:
            records.calendars.clear()
        records.calendars[place] = _calendar(records, site, place[1])
    return records.calendars[place]


def _read(session: Session, revision: int) -> ClinicRecords:
    hours: dict[str, list[WeeklyHours]] = {}
    columns = SiteHours.__table__.c
    found = session.execute(select(*columns).order_by(columns.weekday, columns.from_minute))
    for row in found:
        weekly = WeeklyHours(row.weekday, row.from_minute, row.until_minute, row.valid_from, row.valid_until)
        hours.setdefault(row.site_id, []).append(weekly)
    closures: dict[str, list[Interval]] = {}
    of_sites = select(Closure.site_id, Closure.starts_at, Closure.ends_at).where(
        Closure.site_id.is_not(None), Closure.lifted_at.is_(None), Closure.ends_at > now(session) - PAST
    )
    for site_id, starts_at, ends_at in session.execute(of_sites):
        closures.setdefault(str(site_id), []).append((starts_at, ends_at))
    return ClinicRecords(
        revision,
        sites=_all(session, Site),
        providers=_all(session, Provider),
        rooms=_all(session, Room),
        visit_types=_all(session, VisitType),
        hours=hours,
        closures=closures,
    )


def _all(session: Session, mapped: type[T]) -> dict[str, T]:
    """Return every record by id, as objects of their own: one that a session holds could be changed by its holder."""
    rows = session.execute(select(*mapped.__table__.c))
    return {row.id: mapped(**row._mapping) for row in rows}


def _calendar(records: ClinicRecords, site: Site, today: date) -> BusinessCalendar | None:
    windows: dict[int, tuple[tuple[time, time], ...]] = {}
    for hour in records.hours.get(site.id, ()):
        if hour.valid_from <= today and (hour.valid_until is None or today <= hour.valid_until):
            span = _time(hour.from_minute), _time(hour.until_minute)
            windows[hour.weekday] = (*windows.get(hour.weekday, ()), span)
    if not windows:
        return None
    zone = ZoneInfo(site.time_zone)
    begins = datetime.combine(today, time(), zone)
    shut = [closure for closure in records.closures.get(site.id, ()) if closure[1] > begins]
    return BusinessCalendar(site.time_zone, windows, frozenset(_closed_days(shut, zone)))


def _closed_days(closures: Sequence[Interval], zone: ZoneInfo) -> Iterator[date]:
    """Whole days on which the site is closed; a closure of some hours does not stop the clock."""
    for starts_at, ends_at in closures:
        day, last = local_date(starts_at, zone), local_date(ends_at, zone)
        while day <= last:
            opens = datetime.combine(day, time(), zone)
            if starts_at <= opens and ends_at >= datetime.combine(day + DAY, time(), zone):
                yield day
            day += DAY


def _time(minute: int) -> time:
    return time.max if minute >= 24 * 60 else time(minute // 60, minute % 60)

"""Free slots from rules: opening hours, working hours, closures, buffers, lead time, horizon, alignment, what is taken.

Deterministic: the same facts give the same slots in the same order. No clock is read; `now` is an argument.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.referral.rules.calendar_time import days_touched, wall_intervals
from services.referral.rules.slot_masks import GRAIN_MINUTES, Window, bits_of, grid, runs

Interval = tuple[datetime, datetime]
# A stretch of time in minutes since 1970 UTC, as the database keeps it.
MinuteSpan = tuple[int, int]
# How long before its lead time runs out a slot is no longer offered. Somebody reads the list, asks the patient on the
# phone and presses the button; a choice made within this time is never refused because the clock moved on meanwhile.
# As long as a hold lasts. What is booked without being offered (a move typed by hand) needs the lead time alone.
CHOOSING_TIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class VisitRules:
    """How one type of visit is laid on the calendar. Minutes are multiples of five.

    `whole_provider`: the visit needs the provider alone; otherwise it takes one of the provider's seats.
    `room_kind` names the kind of room it needs; a room may have several seats (a therapy gym).
    """

    id: str
    minutes: int
    buffer_before: int
    buffer_after: int
    lead_minutes: int
    horizon_days: int
    alignment_minutes: int
    whole_provider: bool
    room_kind: str

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    def taken(self, starts_at: datetime) -> Interval:
        """Return the time a visit at `starts_at` takes from its seats, buffers included."""
        before, after = timedelta(minutes=self.buffer_before), timedelta(minutes=self.buffer_after)
        return starts_at - before, starts_at + self.length + after


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Open or working hours on one weekday (0 = Monday), in minutes of the local day.

    They hold from the date `valid_from` to `valid_until`, both included; None: until further notice.
    """

    weekday: int
    from_minute: int
    until_minute: int
    valid_from: date
    valid_until: date | None = None

    def holds_on(self, day: date) -> bool:
        return (
            day.weekday() == self.weekday
            and self.valid_from <= day
            and (self.valid_until is None or day <= self.valid_until)
        )


@dataclass(frozen=True, slots=True)
class SiteHours:
    """One site: its zone, hours, closures, and its rooms of the kind asked for, each a sequence of seat numbers."""

    id: str
    zone: ZoneInfo
    hours: Sequence[WeeklyHours]
    rooms: Mapping[str, Sequence[int]]
    closures: Sequence[Interval] = ()
    room_closures: Mapping[str, Sequence[Interval]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderHours:
    """One provider who can do the visit: seat numbers, hours at each site, absences."""

    id: str
    seats: Sequence[int]
    hours: Mapping[str, Sequence[WeeklyHours]]
    closures: Sequence[Interval] = ()


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A start the rules allow and nothing occupies. Slots sort earliest first, then by site and provider."""

    starts_at: datetime
    site_id: str
    provider_id: str
    ends_at: datetime


def free_slots(
    visit: VisitRules,
    *,
    sites: Sequence[SiteHours],
    providers: Sequence[ProviderHours],
    taken: Mapping[int, Sequence[MinuteSpan]],
    window: tuple[datetime, datetime],
    now: datetime,
    most: int,
    one_provider: bool = False,
) -> list[Slot]:
    """Return the earliest `most` free slots that start within `window`, sorted.

    `one_provider`: of several people free at a site at one time only the first, for who chooses a time, not a person.

    `taken` maps a seat number to the spans taken from it, buffers included. The visit itself lies within the
    hours of site and provider; its buffers only keep other visits away and may reach outside them. Each slot stays
    bookable for `CHOOSING_TIME` after `now`, unless somebody takes it.
    """
    found, span = _all_starts(
        visit, sites, providers, taken, window=window, now=now, one_provider=one_provider
    )
    return _earliest(visit, found, span, most)


def count_free_starts(
    visit: VisitRules,
    *,
    site: SiteHours,
    providers: Sequence[ProviderHours],
    taken: Mapping[int, Sequence[MinuteSpan]],
    days: Sequence[Interval],
    now: datetime,
) -> list[int]:
    """Return how many slots `free_slots` would list at the site on each of `days`, each [begin, end), in order.

    None of them is made: of a month they are thousands.
    """
    window = days[0][0], days[-1][1]
    found, span = _all_starts(visit, (site,), providers, taken, window=window, now=now, one_provider=False)
    within = [span.starting_in(*day) for day in days]
    return [sum((mask & day).bit_count() for mask, _, _ in found) for day in within]


def _all_starts(
    visit: VisitRules,
    sites: Sequence[SiteHours],
    providers: Sequence[ProviderHours],
    taken: Mapping[int, Sequence[MinuteSpan]],
    *,
    window: Interval,
    now: datetime,
    one_provider: bool,
) -> tuple[list[tuple[int, str, str]], Window]:
    """Return every free start of the window as masks, each with its site and provider, and the span they lie on."""
    search = _bookable(visit, window, now)
    if search is None:
        return [], Window.around(window[0], window[0])
    # The window of masks reaches past the search on both sides, so that runs and buffers at its edges are seen.
    margin = timedelta(minutes=visit.buffer_before), timedelta(minutes=visit.minutes + visit.buffer_after)
    span = Window.around(search[0] - margin[0], search[1] + margin[1])
    in_search = span.starting_in(*search)
    busy = {seat: span.touching_minutes(spans) for seat, spans in taken.items()}
    found: list[tuple[int, str, str]] = []
    for site in sites:
        starts = in_search & grid(span, site.zone, visit.alignment_minutes)
        starts &= _room_starts(visit, site, busy, span)
        if not starts:
            continue
        site_open = _open(site.hours, site.zone, span) & ~span.touching(site.closures)
        # Many work the same hours: each week's hours are laid on the calendar once a site.
        laid: dict[tuple[WeeklyHours, ...], int] = {}
        given = 0
        for provider in providers:
            if site.id not in provider.hours:
                continue
            weekly = tuple(provider.hours[site.id])
            if weekly not in laid:
                laid[weekly] = _open(weekly, site.zone, span)
            at_work = site_open & laid[weekly] & ~span.touching(provider.closures)
            mask = starts & _provider_starts(visit, provider, at_work, busy, span)
            if one_provider:
                mask &= ~given
                given |= mask
            if mask:
                found.append((mask, site.id, provider.id))
    return found, span


def _earliest(
    visit: VisitRules, found: Sequence[tuple[int, str, str]], span: Window, most: int
) -> list[Slot]:
    """Return the earliest `most` slots of all masks (each with its site and provider), sorted.

    Only those are made: first it is found, by counting bits, up to which grain the masks hold enough.
    """
    until = span.bits
    if sum(mask.bit_count() for mask, _, _ in found) > most:
        low = 0
        while low < until:
            middle = (low + until) // 2
            if sum((mask & ((1 << middle) - 1)).bit_count() for mask, _, _ in found) >= most:
                until = middle
            else:
                low = middle + 1
    early, length = (1 << until) - 1, visit.length
    slots = [
        Slot(at, site_id, provider_id, at + length)
        for mask, site_id, provider_id in found
        for at in map(span.at, bits_of(mask & early, most))
    ]
    return sorted(slots)[:most]


def _bookable(visit: VisitRules, window: tuple[datetime, datetime], now: datetime) -> Interval | None:
    """Cut the window to what lead time, time to choose and horizon allow; None when nothing is left."""
    earliest = max(window[0], now + timedelta(minutes=visit.lead_minutes) + CHOOSING_TIME)
    latest = min(window[1], now + timedelta(days=visit.horizon_days))
    return (earliest, latest) if earliest < latest else None


def _open(hours: Sequence[WeeklyHours], zone: ZoneInfo, span: Window) -> int:
    opened: list[Interval] = []
    for day in days_touched(span.starts_at, span.ends_at, zone):
        for hour in hours:
            if hour.holds_on(day):
                opened += wall_intervals(day, hour.from_minute, hour.until_minute, zone)
    return span.within(opened)


def _room_starts(visit: VisitRules, site: SiteHours, busy: Mapping[int, int], span: Window) -> int:
    """Return the starts for which some seat of some room at the site is free for the visit and its buffers."""
    starts = 0
    for room, seats in site.rooms.items():
        shut = span.touching(site.room_closures.get(room, ()))
        for seat in seats:
            starts |= _free_starts(visit, span.full & ~(busy.get(seat, 0) | shut))
    return starts


def _provider_starts(
    visit: VisitRules, provider: ProviderHours, at_work: int, busy: Mapping[int, int], span: Window
) -> int:
    """Return the starts at which the provider is at work and free for the visit and its buffers."""
    if not at_work:
        return 0
    masks = [busy.get(seat, 0) for seat in provider.seats]
    if visit.whole_provider and masks:
        taken = 0
        for mask in masks:
            taken |= mask
        masks = [taken]
    free = 0
    for mask in masks:
        free |= _free_starts(visit, span.full & ~mask)
    return free & runs(at_work, visit.minutes // GRAIN_MINUTES)


def _free_starts(visit: VisitRules, free: int) -> int:
    """Return the grains at which a visit may start so that it and its buffers fit in `free`."""
    length = visit.buffer_before + visit.minutes + visit.buffer_after
    return runs(free, length // GRAIN_MINUTES) << (visit.buffer_before // GRAIN_MINUTES)

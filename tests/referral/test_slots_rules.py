"""Slots against an oracle that walks every five minutes, over ten years of clock changes in every US zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.referral.rules.calendar_time import (
    AmbiguousLocalTime,
    NoSuchLocalTime,
    day_segments,
    day_starts_at,
    instants_of,
    resolve_local_time,
    wall_intervals,
)
from services.referral.rules.slot_conflicts import find_conflicts
from services.referral.rules.slots import (
    CHOOSING_TIME,
    Interval,
    ProviderHours,
    SiteHours,
    Slot,
    VisitRules,
    WeeklyHours,
    count_free_starts,
    free_slots,
)

US_ZONES = (
    "America/New_York",
    "America/Detroit",
    "America/Indiana/Indianapolis",
    "America/Kentucky/Louisville",
    "America/Chicago",
    "America/Menominee",
    "America/North_Dakota/Center",
    "America/Denver",
    "America/Boise",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Juneau",
    "America/Adak",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "Pacific/Guam",
)
GRAIN = timedelta(minutes=5)
FIRST_DAY = date(2026, 1, 1)
zones = st.sampled_from(US_ZONES).map(ZoneInfo)
days = st.dates(FIRST_DAY, date(2035, 12, 31))


def clock_changes(zone: ZoneInfo) -> Iterator[date]:
    """Yield the days of ten years on which the offset changes."""
    day = FIRST_DAY
    while day.year < 2036:
        noon, next_noon = (
            datetime.combine(d, time(12), tzinfo=zone).utcoffset() for d in (day, day + timedelta(days=1))
        )
        if noon != next_noon:
            yield day + timedelta(days=1)
        day += timedelta(days=1)


@pytest.mark.capability("S7")
@pytest.mark.parametrize("name", US_ZONES)
def test_every_day_of_ten_years_is_cut_without_gap_or_overlap(name: str) -> None:
    zone = ZoneInfo(name)
    day, reached = FIRST_DAY, day_starts_at(FIRST_DAY, zone)
    while day.year < 2036:
        for segment in day_segments(day, zone):
            assert segment.starts_at == reached
            for instant in (segment.starts_at, segment.ends_at - timedelta(minutes=1)):
                local = instant.astimezone(zone)
                assert (local.date(), local.utcoffset()) == (day, segment.offset)
            reached = segment.ends_at
        day += timedelta(days=1)


@pytest.mark.capability("S7")
@pytest.mark.parametrize("name", US_ZONES)
def test_nine_stays_nine_and_no_hour_is_lost_or_doubled_around_each_clock_change(name: str) -> None:
    zone = ZoneInfo(name)
    for changed in clock_changes(zone):
        for day in (changed - timedelta(days=1), changed, changed + timedelta(days=1)):
            found = slots_of_day(day, zone, alignment=30, minutes=30)
            local = [instant.astimezone(zone) for instant in found]
            assert len(set(found)) == len(found)
            assert [at.time() for at in local if time(9) <= at.time() < time(17)] == [
                time(hour, minute) for hour in range(9, 17) for minute in (0, 30)
            ]
            length = day_starts_at(day + timedelta(days=1), zone) - day_starts_at(day, zone)
            assert len(found) == length // timedelta(minutes=30)


def slots_of_day(day: date, zone: ZoneInfo, *, alignment: int, minutes: int) -> list[datetime]:
    """Free starts on one local day at a site that never closes."""
    always = [WeeklyHours(weekday, 0, 1440, FIRST_DAY) for weekday in range(7)]
    visit = VisitRules("visit", minutes, 0, 0, 0, 9999, alignment, True, "room")
    starts_at = day_starts_at(day, zone)
    ends_at = day_starts_at(day + timedelta(days=1), zone)
    site = SiteHours("site", zone, always, {"room": (1,)})
    provider = ProviderHours("provider", (2,), {"site": always})
    window = (starts_at, ends_at)
    return [
        slot.starts_at
        for slot in free_slots(
            visit,
            sites=[site],
            providers=[provider],
            taken={},
            window=window,
            now=starts_at - CHOOSING_TIME,
            most=999,
        )
    ]


@pytest.mark.capability("S7")
@given(zones, days, st.integers(0, 287))
def test_a_local_time_names_exactly_the_instants_that_show_it(zone: ZoneInfo, day: date, mark: int) -> None:
    local = datetime.combine(day, time()) + mark * GRAIN
    around = local.replace(tzinfo=UTC) - timedelta(hours=15)
    shown = tuple(
        instant
        for step in range(30 * 12)
        if (instant := around + step * GRAIN).astimezone(zone).replace(tzinfo=None) == local
    )
    assert instants_of(local, zone) == shown
    if not shown:
        with pytest.raises(NoSuchLocalTime):
            resolve_local_time(local, zone)
    elif len(shown) == 2:
        with pytest.raises(AmbiguousLocalTime) as refusal:
            resolve_local_time(local, zone)
        assert refusal.value.choices == shown
    else:
        assert resolve_local_time(local, zone) == shown[0]


@pytest.mark.capability("S7")
@given(zones, st.data())
def test_wall_intervals_hold_the_instants_whose_clock_lies_between(
    zone: ZoneInfo, data: st.DataObject
) -> None:
    changes = list(clock_changes(zone)) or [date(2027, 3, 14)]
    day = data.draw(st.sampled_from(changes)) + timedelta(days=data.draw(st.integers(-1, 1)))
    opens, closes = sorted(data.draw(st.tuples(st.integers(0, 288), st.integers(0, 288))))
    held = [
        instant
        for starts_at, ends_at in wall_intervals(day, opens * 5, closes * 5, zone)
        for instant in _steps(starts_at, ends_at)
    ]
    starts_at = day_starts_at(day, zone)
    walked = [
        instant
        for instant in _steps(starts_at, day_starts_at(day + timedelta(days=1), zone))
        if opens * 5 <= _minute_of_day(instant, zone) < closes * 5
    ]
    assert held == walked


def _steps(starts_at: datetime, ends_at: datetime) -> Iterator[datetime]:
    while starts_at < ends_at:
        yield starts_at
        starts_at += GRAIN


def _minute_of_day(instant: datetime, zone: ZoneInfo) -> int:
    local = instant.astimezone(zone)
    return local.hour * 60 + local.minute


# ------------------------------------------------------------------------------------------------- the oracle
fives = st.integers(0, 6).map(lambda n: n * 5)
visits = st.builds(
    VisitRules,
    st.just("visit"),
    st.integers(1, 18).map(lambda n: n * 5),
    fives,
    fives,
    st.integers(0, 300),
    st.integers(1, 3),
    st.sampled_from([5, 10, 15, 20, 30, 45, 60]),
    st.booleans(),
    st.just("room"),
)


@st.composite
def weekly(draw: st.DrawFn) -> list[WeeklyHours]:
    """Hours on some weekdays, some ending or starting within the days under test."""
    found = []
    for weekday in draw(st.sets(st.integers(0, 6), min_size=3)):
        opens, closes = sorted(draw(st.tuples(st.integers(0, 288), st.integers(0, 288))))
        until = draw(st.none() | st.dates(date(2027, 11, 4), date(2027, 11, 10)))
        found.append(WeeklyHours(weekday, opens * 5, closes * 5, FIRST_DAY, until))
    return found


@st.composite
def clinics(
    draw: st.DrawFn,
) -> tuple[list[SiteHours], list[ProviderHours], dict[int, list[Interval]], datetime]:
    """Two sites, two providers, some seats taken, around a clock change (half the time)."""
    base = datetime(*draw(st.sampled_from([(2027, 3, 13), (2027, 11, 6), (2027, 11, 9)])), 6, 7, tzinfo=UTC)
    moments = st.integers(-100, 800).map(lambda n: base + n * timedelta(minutes=7))
    intervals = st.tuples(moments, st.integers(1, 60)).map(
        lambda drawn: (drawn[0], drawn[0] + drawn[1] * timedelta(minutes=11))
    )
    zone = st.sampled_from(["America/Chicago", "America/Denver", "America/Phoenix"]).map(ZoneInfo)
    sites = [
        SiteHours(
            name,
            draw(zone),
            draw(weekly()),
            {f"{name}-1": (number,), f"{name}-2": (number + 1, number + 2)},
            draw(st.lists(intervals, max_size=1)),
            {f"{name}-1": draw(st.lists(intervals, max_size=1))},
        )
        for name, number in (("east", 10), ("west", 20))
    ]
    providers = [
        ProviderHours(
            name,
            seats,
            {site: draw(weekly()) for site in draw(st.sets(st.sampled_from(["east", "west"])))},
            draw(st.lists(intervals, max_size=1)),
        )
        for name, seats in (("ana", (1,)), ("ben", (2, 3)))
    ]
    seats = st.sampled_from([1, 2, 3, 10, 11, 12, 20, 21, 22])
    taken = draw(st.dictionaries(seats, st.lists(intervals, max_size=4), max_size=9))
    return sites, providers, taken, base


def in_minutes(taken: dict[int, list[Interval]]) -> dict[int, list[tuple[int, int]]]:
    return {
        seat: [(int(a.timestamp()) // 60, -(-int(b.timestamp()) // 60)) for a, b in intervals]
        for seat, intervals in taken.items()
    }


@pytest.mark.capability("S4", "S6", "S7")
@settings(max_examples=120, deadline=None)
@given(visits, clinics(), st.integers(0, 1000), st.integers(5, 2500))
def test_free_slots_agree_with_an_oracle_that_walks(
    visit: VisitRules,
    clinic: tuple[list[SiteHours], list[ProviderHours], dict[int, list[Interval]], datetime],
    begins: int,
    lasts: int,
) -> None:
    sites, providers, taken, base = clinic
    window = (base + timedelta(minutes=begins), base + timedelta(minutes=begins + lasts))
    minutes = in_minutes(taken)
    facts = {"sites": sites, "providers": providers, "taken": minutes, "window": window, "now": base}
    found = free_slots(visit, **facts, most=100_000)  # type: ignore[arg-type]
    assert found == oracle(visit, sites, providers, taken, window=window, now=base)
    assert free_slots(visit, **facts, most=7) == found[:7]  # type: ignore[arg-type]
    once = free_slots(visit, **facts, most=7, one_provider=True)  # type: ignore[arg-type]
    assert set(once) <= set(found)
    starts = list(dict.fromkeys((slot.starts_at, slot.site_id) for slot in found))
    assert [(slot.starts_at, slot.site_id) for slot in once] == starts[:7], "each time of a site once"
    for site in sites:
        cut = window[0] + (window[1] - window[0]) / 3
        days = [(window[0], cut), (cut, window[1])]
        counted = count_free_starts(visit, site=site, providers=providers, taken=minutes, days=days, now=base)
        here = [slot.starts_at for slot in found if slot.site_id == site.id]
        assert counted == [sum(begin <= at < end for at in here) for begin, end in days]


@pytest.mark.capability("S4", "S6", "S16")
@settings(max_examples=40, deadline=None)
@given(visits, clinics(), st.integers(0, 52))
def test_whatever_is_not_offered_is_refused_and_the_reverse(
    visit: VisitRules,
    clinic: tuple[list[SiteHours], list[ProviderHours], dict[int, list[Interval]], datetime],
    first: int,
) -> None:
    """Every so many minutes of four days, most of them off the grid, closed, too soon or too far."""
    sites, providers, taken, base = clinic
    window = (base - timedelta(hours=1), base + timedelta(days=4))
    minutes = in_minutes(taken)
    facts = {"sites": sites, "providers": providers, "taken": minutes, "window": window, "now": base}
    listed = free_slots(visit, **facts, most=100_000)  # type: ignore[arg-type]
    found = {(slot.starts_at, slot.site_id, slot.provider_id) for slot in listed}
    soonest = base + timedelta(minutes=visit.lead_minutes)
    asked = [window[0].replace(minute=0) + (first + n * 53) * timedelta(minutes=1) for n in range(106)]
    asked += [at for at, _, _ in sorted(found)[::5]]
    for at in asked:
        if soonest <= at < soonest + CHOOSING_TIME:
            continue
        for site in sites:
            for provider in providers:
                against = find_conflicts(visit, site, provider, taken=minutes, starts_at=at, now=base)
                assert (not against) == ((at, site.id, provider.id) in found), against


@settings(max_examples=120, deadline=None)
@given(visits, clinics(), st.integers(0, 1440), st.integers(0, int(CHOOSING_TIME.total_seconds())))
def test_what_is_offered_can_still_be_booked_when_the_choice_is_made(
    visit: VisitRules,
    clinic: tuple[list[SiteHours], list[ProviderHours], dict[int, list[Interval]], datetime],
    asked: int,
    took_seconds: int,
) -> None:
    sites, providers, taken, base = clinic
    now = base + timedelta(minutes=asked)
    minutes = in_minutes(taken)
    found = free_slots(
        visit,
        sites=sites,
        providers=providers,
        taken=minutes,
        window=(now, now + timedelta(days=2)),
        now=now,
        most=60,
    )
    at_site = {site.id: site for site in sites}
    by_provider = {provider.id: provider for provider in providers}
    for slot in found:
        against = find_conflicts(
            visit,
            at_site[slot.site_id],
            by_provider[slot.provider_id],
            taken=minutes,
            starts_at=slot.starts_at,
            now=now + timedelta(seconds=took_seconds),
        )
        assert against == [], slot


def oracle(
    visit: VisitRules,
    sites: list[SiteHours],
    providers: list[ProviderHours],
    taken: dict[int, list[Interval]],
    *,
    window: tuple[datetime, datetime],
    now: datetime,
) -> list[Slot]:
    """Every five-minute mark tried by the plain meaning of each rule."""
    found = []
    earliest = max(window[0], now + timedelta(minutes=visit.lead_minutes) + CHOOSING_TIME)
    latest = min(window[1], now + timedelta(days=visit.horizon_days))
    mark = earliest.replace(minute=earliest.minute // 5 * 5, second=0)
    while mark < latest:
        for site in sites:
            for provider in providers:
                if mark >= earliest and _fits(visit, site, provider, taken, mark):
                    found.append(Slot(mark, site.id, provider.id, mark + visit.length))
        mark += GRAIN
    return sorted(found)


def _fits(
    visit: VisitRules,
    site: SiteHours,
    provider: ProviderHours,
    taken: dict[int, list[Interval]],
    starts_at: datetime,
) -> bool:
    if site.id not in provider.hours or _minute_of_day(starts_at, site.zone) % visit.alignment_minutes:
        return False
    shut = [*site.closures, *provider.closures]
    for at in _steps(starts_at, starts_at + visit.length):
        for hours in (site.hours, provider.hours[site.id]):
            if not any(_open_at(hour, at, site.zone) for hour in hours):
                return False
        if any(_touches(at, interval) for interval in shut):
            return False
    use = visit.taken(starts_at)

    def free(seat: int, also: object = ()) -> bool:
        intervals = [*taken.get(seat, []), *also]  # type: ignore[misc]
        return not any(_touches(at, interval) for at in _steps(*use) for interval in intervals)

    provider_seats = [free(seat) for seat in provider.seats]
    if not (all(provider_seats) if visit.whole_provider else any(provider_seats)):
        return False
    return any(
        free(seat, site.room_closures.get(room, ())) for room, seats in site.rooms.items() for seat in seats
    )


def _open_at(hour: WeeklyHours, at: datetime, zone: ZoneInfo) -> bool:
    local = at.astimezone(zone)
    return hour.holds_on(local.date()) and hour.from_minute <= _minute_of_day(at, zone) < hour.until_minute


def _touches(at: datetime, interval: Interval) -> bool:
    return at < interval[1] and at + GRAIN > interval[0]

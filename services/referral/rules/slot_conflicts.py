"""Everything that speaks against one visit at one time, named at once: staff see all of it, not the first."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from services.referral.rules.calendar_time import days_touched, wall_intervals
from services.referral.rules.slots import (
    Interval,
    MinuteSpan,
    ProviderHours,
    SiteHours,
    VisitRules,
    WeeklyHours,
)

# Conflicts that another booking causes; all others come from the rules of the clinic.
TAKEN_CONFLICTS = ("provider_taken", "room_taken")
# Conflicts that come up by waiting alone. Whoever holds a slot has passed them already: a hold stays good to its end.
WAITING_CONFLICTS = ("inside_lead_time",)


def find_conflicts(
    visit: VisitRules,
    site: SiteHours,
    provider: ProviderHours,
    *,
    taken: Mapping[int, Sequence[MinuteSpan]],
    starts_at: datetime,
    now: datetime,
) -> list[str]:
    """Return the codes of what stands against the visit, in a fixed order; [] when it can be booked.

    in_past, inside_lead_time, beyond_horizon, off_grid, site_closed, provider_away, provider_taken, room_taken.
    """
    ends_at = starts_at + visit.length
    use = visit.taken(starts_at)
    local = starts_at.astimezone(site.zone)
    minute = local.hour * 60 + local.minute
    at_site = provider.hours.get(site.id, ())
    used = tuple(int(at.timestamp()) // 60 for at in use)

    def is_free(seat: int) -> bool:
        return not any(first < used[1] and used[0] < last for first, last in taken.get(seat, ()))

    free = [seat for seat in provider.seats if is_free(seat)]
    provider_free = bool(free) and (len(free) == len(provider.seats) or not visit.whole_provider)
    speaks_against = {
        "in_past": starts_at < now,
        "inside_lead_time": now <= starts_at < now + timedelta(minutes=visit.lead_minutes),
        "beyond_horizon": starts_at >= now + timedelta(days=visit.horizon_days),
        "off_grid": bool(minute % visit.alignment_minutes or local.second or local.microsecond),
        "site_closed": not _covered(starts_at, ends_at, site, site.hours)
        or _meets((starts_at, ends_at), site.closures),
        "provider_away": not _covered(starts_at, ends_at, site, at_site)
        or _meets((starts_at, ends_at), provider.closures),
        "provider_taken": not provider_free,
        "room_taken": not any(
            is_free(seat) and not _meets(use, site.room_closures.get(room, ()))
            for room, seats in site.rooms.items()
            for seat in seats
        ),
    }
    return [code for code, true in speaks_against.items() if true]


def choose_seats(
    visit: VisitRules,
    site: SiteHours,
    provider: ProviderHours,
    *,
    taken: Mapping[int, Sequence[MinuteSpan]],
    starts_at: datetime,
) -> tuple[list[int], str] | None:
    """Return the seats the visit takes, the provider's before the room's, and the room's id; None when one is missing.

    The lowest numbers that are free, for everybody.
    """
    use = visit.taken(starts_at)
    used = tuple(int(at.timestamp()) // 60 for at in use)

    def is_free(seat: int) -> bool:
        return not any(first < used[1] and used[0] < last for first, last in taken.get(seat, ()))

    free = [seat for seat in provider.seats if is_free(seat)]
    wanted = len(provider.seats) if visit.whole_provider else 1
    every = sorted((seat, room) for room, seats in site.rooms.items() for seat in seats)
    rooms = (
        (seat, room)
        for seat, room in every
        if is_free(seat) and not _meets(use, site.room_closures.get(room, ()))
    )
    chosen = next(rooms, None)
    if not 0 < wanted <= len(free) or chosen is None:
        return None
    return [*sorted(free)[:wanted], chosen[0]], chosen[1]


def _covered(starts_at: datetime, ends_at: datetime, site: SiteHours, hours: Sequence[WeeklyHours]) -> bool:
    """True when the hours, laid end to end, cover [starts_at, ends_at)."""
    opened = sorted(
        interval
        for day in days_touched(starts_at, ends_at, site.zone)
        for hour in hours
        if hour.holds_on(day)
        for interval in wall_intervals(day, hour.from_minute, hour.until_minute, site.zone)
    )
    reached = starts_at
    for opens, closes in opened:
        if opens <= reached < closes:
            reached = closes
    return reached >= ends_at


def _meets(use: Interval, others: Sequence[Interval]) -> bool:
    return any(starts_at < use[1] and use[0] < ends_at for starts_at, ends_at in others)

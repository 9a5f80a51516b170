"""Who is offered a freed slot, in what order: urgency, then how long they wait, then who was offered least lately."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

# `reminders.waitlist` of the clinical tables: hold 15 to 30 minutes, at most one offer a day; first claim is atomic.
BATCH = 3
WINDOW = timedelta(minutes=20)
MOST_PER_DAY = 1
MOST_PER_WEEK = 3
# Offers go out by SMS, and reminders' default quiet hours hold for them: nobody is woken for a slot.
OFFER_FROM_HOUR, OFFER_UNTIL_HOUR = 9, 20
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One waiting patient as the choice needs them. `visit_at`: the visit they already have, to be beaten."""

    entry_id: UUID
    priority: str
    entered_at: datetime
    expires_at: datetime
    sites: tuple[str, ...]
    weekdays: tuple[int, ...]
    from_minute: int
    until_minute: int
    notice: timedelta
    visit_at: datetime | None
    offered_at: tuple[datetime, ...]
    opted_out: bool
    flagged: bool
    open_warnings: bool = False


@dataclass(frozen=True, slots=True)
class FreedSlot:
    """The slot on offer."""

    site_id: str
    zone: ZoneInfo
    starts_at: datetime


def why_not_offer(waiting: Waiting, slot: FreedSlot, now: datetime) -> str:
    """Return why the slot does not go to this patient, or "" when it may.

    expired, red_flag, call_first (a warning sign is open, and nobody has booked a visit with them yet), opted_out,
    other_site, other_day, other_hour, too_short_notice, has_earlier, offered_today, offered_often.
    """
    local = slot.starts_at.astimezone(slot.zone)
    minute = local.hour * 60 + local.minute
    reasons = {
        **_whatever_the_slot(waiting, now),
        "other_site": bool(waiting.sites) and slot.site_id not in waiting.sites,
        "other_day": bool(waiting.weekdays) and local.weekday() not in waiting.weekdays,
        "other_hour": not waiting.from_minute <= minute < waiting.until_minute,
        "too_short_notice": slot.starts_at - now < waiting.notice,
        "has_earlier": waiting.visit_at is not None and waiting.visit_at <= slot.starts_at,
        **_asked_enough(waiting, slot.zone, now),
    }
    return _first(reasons)


def why_none_now(waiting: Waiting, zone: ZoneInfo, now: datetime) -> str:
    """Return why no slot at all would go to this patient now, or "" when one that suits may. `zone`: the clinic's.

    expired, red_flag, call_first, opted_out, offered_today, offered_often, as for one slot.
    """
    return _first({**_whatever_the_slot(waiting, now), **_asked_enough(waiting, zone, now)})


def _whatever_the_slot(waiting: Waiting, now: datetime) -> dict[str, bool]:
    return {
        "expired": waiting.expires_at <= now,
        "red_flag": waiting.flagged,
        "call_first": waiting.open_warnings and waiting.visit_at is None,
        "opted_out": waiting.opted_out,
    }


def _asked_enough(waiting: Waiting, zone: ZoneInfo, now: datetime) -> dict[str, bool]:
    lately = [at for at in waiting.offered_at if at > now - timedelta(days=7)]
    today = [at for at in lately if at.astimezone(zone).date() == now.astimezone(zone).date()]
    return {"offered_today": len(today) >= MOST_PER_DAY, "offered_often": len(lately) >= MOST_PER_WEEK}


def _first(reasons: Mapping[str, bool]) -> str:
    return next((code for code, stands in reasons.items() if stands), "")


def next_batch(waiting: Sequence[Waiting], slot: FreedSlot, now: datetime, most: int = BATCH) -> list[UUID]:
    """Return the entries to be offered the slot next, in order, at most `most`."""
    may = [one for one in waiting if not why_not_offer(one, slot, now)]
    return [one.entry_id for one in sorted(may, key=lambda one: _rank(one, slot.zone))[:most]]


def sends_from(zone: ZoneInfo, now: datetime) -> datetime:
    """Return when an offer may go out: `now`, or the next morning's first minute for it on the site's wall clock."""
    local = now.astimezone(zone)
    if OFFER_FROM_HOUR <= local.hour < OFFER_UNTIL_HOUR:
        return now
    day = local.date() + timedelta(days=local.hour >= OFFER_UNTIL_HOUR)
    return datetime.combine(day, time(OFFER_FROM_HOUR), zone).astimezone(UTC)


def _rank(one: Waiting, zone: ZoneInfo) -> tuple[str, date, int, datetime, UUID]:
    # Whole days of the site's calendar first, so that fairness decides between those who came the same day.
    day = one.entered_at.astimezone(zone).date()
    lately = max(one.offered_at, default=NEVER)
    return one.priority, day, len(one.offered_at), lately, one.entry_id

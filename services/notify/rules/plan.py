"""The planner: an appointment, its cadence, what the patient can be reached by and the time -> every message.

Pure, and the only place that decides what is planned: the worker, the simulator and the tests call the same code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.notify.rules.cadence import Step
from services.notify.rules.quiet_hours import LEGAL, USUAL, last_close, may_arrive, next_open, recipient_zones

# A message that cannot be on the phone this long before the visit is of no use any more.
LEAST_NOTICE = timedelta(minutes=30)
# A third reminder is for those at high risk only (reference.md 6.1: Steiner 2018). What high risk is, was not said
# there: one missed visit or more in two years is our choice, and unsigned.
HIGH_RISK_NO_SHOWS = 1
# Room for retries when a message is moved to the evening before.
EVENING_MARGIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Visit:
    """The facts of one appointment version that decide its messages. Times are aware.

    `no_shows`: visits the patient missed in the two years before.
    """

    starts_at: datetime
    changed_at: datetime
    site_zone: str
    no_shows: int = 0


@dataclass(frozen=True, slots=True)
class Reach:
    """Whether a channel can be used for this patient: `barrier` is "" or the reason it cannot."""

    barrier: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """One planned message. `state` is "due" or "suppressed"; `reason` then says why, or why it waits."""

    step: str
    channel: str
    topic: str
    template: str
    exempt: str
    planned_for: datetime
    due_at: datetime
    expires_at: datetime
    state: str
    reason: str


def plan(
    visit: Visit, steps: Sequence[Step], reach: Mapping[str, Reach], time_zone: str, now: datetime
) -> list[Planned]:
    """Return one `Planned` per step and channel, the steps that do not apply included, with their reasons.

    `reach` has an entry per channel of the steps; `time_zone` is the recipient's, "" when unknown.
    """
    planned: list[Planned] = []
    for step in steps:
        planned.extend(_plan_step(visit, step, reach, time_zone, now))
    return planned


def _plan_step(
    visit: Visit, step: Step, reach: Mapping[str, Reach], time_zone: str, now: datetime
) -> list[Planned]:
    wanted, expires = _moment(visit, step, time_zone)
    never = _why_not(visit, step, wanted, expires, now)
    rows = []
    taken = False
    for channel in step.channels:
        barrier = reach[channel].barrier if channel in reach else "no_contact"
        if taken and not step.every_channel:
            break
        reason, due = never, wanted
        if not reason:
            shifted = _into_open_hours(
                visit,
                step,
                max(wanted, now),
                expires=expires,
                # The hours of the law are about texts. A letter to who knows where keeps the site's own.
                time_zone=time_zone if channel == "sms" else time_zone or visit.site_zone,
                now=now,
            )
            reason = "" if shifted else "quiet_hours_until_visit"
            due = shifted or wanted
        why = reason or barrier
        waits = "quiet_hours" if not why and due > max(wanted, now) else ""
        rows.append(
            Planned(
                step=step.step,
                channel=channel,
                topic=step.topic,
                template=step.template,
                exempt=step.exempt,
                planned_for=wanted,
                due_at=due,
                expires_at=expires,
                state="suppressed" if why else "due",
                reason=why or waits,
            )
        )
        taken = taken or not barrier
    return rows


def is_short_notice(visit: Visit) -> bool:
    """True for a visit booked (or moved) on its own day or the day before, by the site's calendar."""
    zone = ZoneInfo(visit.site_zone)
    days = visit.starts_at.astimezone(zone).date() - visit.changed_at.astimezone(zone).date()
    return days <= timedelta(days=1)


def _why_not(visit: Visit, step: Step, wanted: datetime, expires: datetime, now: datetime) -> str:
    short = is_short_notice(visit)
    if (step.audience == "short_notice" and not short) or (step.audience == "planned_ahead" and short):
        return "not_for_this_notice"
    if step.audience == "high_risk":
        if short:
            return "not_for_this_notice"
        if visit.no_shows < HIGH_RISK_NO_SHOWS:
            return "not_high_risk"
    if step.moment in ("days_before", "hours_before") and wanted < visit.changed_at:
        return "already_past_when_booked"
    if now >= expires:
        return "too_late"
    return ""


def _moment(visit: Visit, step: Step, time_zone: str) -> tuple[datetime, datetime]:
    """Return when the step wants to be sent and when it stops being of use."""
    starts = visit.starts_at
    if step.moment == "booking":
        return visit.changed_at, starts - LEAST_NOTICE
    if step.moment == "hours_before":
        return starts - timedelta(hours=step.amount), starts - LEAST_NOTICE
    zone = ZoneInfo(time_zone or visit.site_zone)
    visit_day = starts.astimezone(ZoneInfo(visit.site_zone)).date()
    sign = -1 if step.moment == "days_before" else 1
    day = visit_day + timedelta(days=sign * int(step.amount))
    wanted = datetime.combine(day, time(step.at_hour), zone).astimezone(UTC)
    if step.moment == "days_after":
        return wanted, wanted + timedelta(days=7)
    # A reminder that is a day late says what the next one says better.
    last = starts - LEAST_NOTICE
    return wanted, min(last, wanted + timedelta(days=1)) if step.amount > 1 else last


def _into_open_hours(
    visit: Visit, step: Step, wanted: datetime, *, expires: datetime, time_zone: str, now: datetime
) -> datetime | None:
    """The time to send instead of `wanted` when that falls into quiet hours; None when no useful time is left."""
    zones = recipient_zones(time_zone)
    if may_arrive(wanted, zones, USUAL):
        return wanted
    later = next_open(wanted, zones, USUAL)
    if step.moment == "hours_before":
        if later <= visit.starts_at - timedelta(hours=1):
            return later
        evening = last_close(wanted, zones, USUAL) - EVENING_MARGIN
        if evening > now and may_arrive(evening, zones, USUAL):
            return evening
        # An early visit: the legal window may open in time where the usual one does not.
        later = next_open(wanted, zones, LEGAL)
    return later if later < expires else None

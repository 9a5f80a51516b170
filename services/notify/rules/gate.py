"""The last word before a message goes out, asked in the first transaction of a send under the recipient's lock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from services.notify.rules.quiet_hours import LEGAL, USUAL, may_arrive, next_open, recipient_zones

PER_DAY = 1
PER_WEEK = 3
OWN_TEXT_MINUTES = 5
MANUAL_CONTACT_HOURS = 24

# Messages that do not count against the caps, and are not stopped by them. The exemption is stored as the reason.
EXEMPT = (
    "booking_confirmation",
    "own_page",
    "same_day_reminder",
    "correction",
    "answer_to_own_text",
    "one_time_code",
    "staff_urgent",
    "staff_answer",
    "professional",
)
# What a person asked for a moment ago themselves, and what is no patient's, needs no consent.
WITHOUT_CONSENT = ("answer_to_own_text", "one_time_code", "professional", "staff_answer")
# Staff having just spoken with the patient makes these needless.
NEEDLESS_AFTER_CONTACT = ("visit", "outreach", "follow_up")


@dataclass(frozen=True, slots=True)
class Candidate:
    """What must be known of one message to let it go. Times are aware; `sent_today` and `sent_this_week` count
    the messages under the caps to this number, by the recipient's day and the last seven days."""

    step: str
    channel: str
    topic: str
    exempt: str
    urgent: bool
    created_at: datetime
    expires_at: datetime
    time_zone: str
    reachable: bool
    consent: bool | None
    opted_out: bool
    held: bool
    dead: bool
    of_visit: bool
    visit_is_current: bool
    visit_state: str
    sent_today: int
    sent_this_week: int
    told_by_staff_at: datetime | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`go`, `wait` until `until`, or an end (`suppressed`, `expired`, `held`); `reason` for all but `go`."""

    fate: Literal["go", "wait", "suppressed", "expired", "held"]
    reason: str = ""
    until: datetime | None = None


GO = Verdict("go")
_STATES_BY_STEP = {"cancelled": ("cancelled",)}
_STATES_BY_TOPIC = {"follow_up": ("attended",), "outreach": ("no_show",)}


def judge(message: Candidate, now: datetime) -> Verdict:
    """Decide the fate of one message at `now`. The order is the order in which reasons are told."""
    stopped = _why_stopped(message)
    if stopped:
        return Verdict("suppressed", stopped)
    if now >= message.expires_at:
        return Verdict("expired", "too_late")
    if message.held and not message.exempt:
        return Verdict("held", "reply_waits_for_staff")
    return _when(message, now)


def _why_stopped(message: Candidate) -> str:
    if message.of_visit and not message.visit_is_current:
        return "moved"
    wanted = _STATES_BY_STEP.get(message.step) or _STATES_BY_TOPIC.get(message.topic, ("booked",))
    if message.of_visit and message.visit_state not in wanted:
        return message.visit_state
    if not message.reachable:
        return "no_contact"
    # The one text that may follow an opt-out is its confirmation.
    if message.opted_out and message.step != "opt_out_confirmed":
        return "opted_out"
    if message.dead:
        return "number_dead"
    if message.consent is not True and message.exempt not in WITHOUT_CONSENT:
        return "no_consent"
    return ""


def _when(message: Candidate, now: datetime) -> Verdict:
    if _asked_just_now(message, now) or message.urgent:
        return GO
    zones = recipient_zones(message.time_zone)
    if message.channel == "sms" and not may_arrive(now, zones, LEGAL):
        return _wait(message, next_open(now, zones, USUAL), "quiet_hours")
    told = message.told_by_staff_at
    recently = told is not None and now - told < timedelta(hours=MANUAL_CONTACT_HOURS)
    if recently and not message.exempt and message.topic in NEEDLESS_AFTER_CONTACT:
        return Verdict("suppressed", "staff_spoke_with_patient")
    if message.exempt not in EXEMPT:
        if message.sent_this_week >= PER_WEEK:
            return _wait(message, next_open(_next_day(now, message), zones, USUAL), "weekly_cap")
        if message.sent_today >= PER_DAY:
            return _wait(message, next_open(_next_day(now, message), zones, USUAL), "daily_cap")
    return GO


def _asked_just_now(message: Candidate, now: datetime) -> bool:
    """Who texted, or asked for a code, a moment ago is awake: an answer within five minutes waits for no hour."""
    fresh = now - message.created_at <= timedelta(minutes=OWN_TEXT_MINUTES)
    return message.exempt in ("answer_to_own_text", "one_time_code") and fresh


def _wait(message: Candidate, until: datetime, reason: str) -> Verdict:
    return Verdict("expired", reason) if until >= message.expires_at else Verdict("wait", reason, until)


def _next_day(now: datetime, message: Candidate) -> datetime:
    return start_of_day(now, message.time_zone) + timedelta(days=1)


def start_of_day(now: datetime, time_zone: str) -> datetime:
    """Midnight before `now` by the recipient's clock; by Chicago's when unknown."""
    zone = ZoneInfo(time_zone or "America/Chicago")
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)

"""Times as callers write them: an instant, or the wall clock of a site."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from kernel.web.problems import FieldProblem, Problem, invalid
from services.referral.rules.calendar_time import (
    AmbiguousLocalTime,
    NoSuchLocalTime,
    day_starts_at,
    local_label,
    resolve_local_time,
)

SUPPORTED = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC))


def read_time(given: str, zone: ZoneInfo, field: str) -> datetime:
    """Return the instant (UTC) `given` names, on a whole minute; without an offset it is the wall clock in `zone`.

    Raises 422 with code `not_a_time`; `no_such_local_time` for an hour the clocks skip; and for one they repeat
    `ambiguous_local_time`, with both times it could be in `choices`.
    """
    try:
        parsed = datetime.fromisoformat(given)
        instant = parsed.astimezone(UTC) if parsed.tzinfo else resolve_local_time(parsed, zone)
    except NoSuchLocalTime:
        raise invalid([FieldProblem(field, "no_such_local_time")]) from None
    except AmbiguousLocalTime as twice:
        raise Problem(
            422,
            "ambiguous_local_time",
            "The clocks show that time twice on that day. Say which one, with its offset; nothing was stored.",
            errors=[FieldProblem(field, "ambiguous_local_time")],
            more={"choices": [local_label(choice, zone) for choice in twice.choices]},
        ) from None
    except (ValueError, OverflowError):
        raise invalid([FieldProblem(field, "not_a_time")]) from None
    if instant.second or instant.microsecond or not SUPPORTED[0] <= instant < SUPPORTED[1]:
        raise invalid([FieldProblem(field, "not_a_time")])
    return instant


def read_instant(given: str) -> datetime | None:
    """Return the instant (UTC) of a sound time with an offset; None when `read_time` has to look closer."""
    try:
        parsed = datetime.fromisoformat(given)
        if parsed.tzinfo is None or parsed.second or parsed.microsecond:
            return None
        instant = parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return instant if SUPPORTED[0] <= instant < SUPPORTED[1] else None


def read_day(given: str, field: str) -> date:
    """Return the date written YYYY-MM-DD; raises 422 with code `not_a_date`."""
    try:
        day = date.fromisoformat(given)
    except ValueError:
        day = date.min
    if len(given) != 10 or not SUPPORTED[0].date() <= day < SUPPORTED[1].date():
        raise invalid([FieldProblem(field, "not_a_date")])
    return day


def read_day_or_time(given: str, zone: ZoneInfo, field: str) -> datetime:
    """Return the instant of a time, or the first one of a date in `zone`; raises as `read_time` and `read_day` do."""
    return day_starts_at(read_day(given, field), zone) if len(given) == 10 else read_time(given, zone, field)

"""Due times, pauses and ages in the opening hours of a site."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.referral.rules.business_clock import (
    BusinessCalendar,
    NeverOpen,
    Target,
    add_business_time,
    business_time_between,
    due_at,
)
from services.referral.rules.office_hours import OFFICE_HOURS

ZONE = ZoneInfo("America/Chicago")
WITH_LUNCH = BusinessCalendar(
    "America/Chicago",
    dict.fromkeys(range(5), ((time(8), time(12)), (time(13), time(17)))),
    frozenset({date(2026, 11, 26)}),
)


def local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZONE)  # type: ignore[arg-type, misc]


@pytest.mark.capability("T10")
@pytest.mark.parametrize(
    ("start", "target", "expected"),
    [
        (local(2026, 11, 24, 10), Target(minutes=5), local(2026, 11, 24, 10, 5)),
        (local(2026, 11, 28, 3), Target(minutes=5), local(2026, 11, 28, 3, 5)),
        (local(2026, 11, 24, 10), Target(business_hours=2), local(2026, 11, 24, 12)),
        (local(2026, 11, 24, 11), Target(business_hours=2), local(2026, 11, 24, 14)),
        (local(2026, 11, 25, 16), Target(business_hours=2), local(2026, 11, 27, 9)),
        (local(2026, 11, 28, 12), Target(business_hours=2), local(2026, 11, 30, 10)),
        (local(2026, 11, 24, 10), Target(business_days=1), local(2026, 11, 25, 17)),
        (local(2026, 11, 25, 10), Target(business_days=1), local(2026, 11, 27, 17)),
        (local(2026, 11, 24, 10), Target(days=7), local(2026, 12, 1, 17)),
        (local(2026, 11, 19, 10), Target(days=7), local(2026, 11, 27, 17)),
        (local(2026, 11, 21, 10), Target(days=14), local(2026, 12, 7, 17)),
    ],
)
def test_due_times(start: datetime, target: Target, expected: datetime) -> None:
    assert due_at(start, target, WITH_LUNCH) == expected


def test_a_clock_runs_true_through_the_clock_changes() -> None:
    friday = local(2027, 3, 12, 16)
    assert add_business_time(friday, timedelta(hours=2), OFFICE_HOURS) == local(2027, 3, 15, 9)
    assert business_time_between(friday, local(2027, 3, 15, 9), OFFICE_HOURS) == timedelta(hours=2)


def test_a_site_that_never_opens_is_said_so() -> None:
    with pytest.raises(NeverOpen):
        add_business_time(
            local(2026, 11, 24, 10), timedelta(hours=1), BusinessCalendar("America/Chicago", {})
        )


@settings(max_examples=60, deadline=None)
@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2036, 1, 1)),
    minutes=st.integers(1, 6000),
    more=st.integers(0, 6000),
)
def test_adding_and_measuring_agree_and_time_never_runs_backwards(
    start: datetime, minutes: int, more: int
) -> None:
    begin = start.replace(tzinfo=UTC)
    end = add_business_time(begin, timedelta(minutes=minutes), WITH_LUNCH)
    later = add_business_time(begin, timedelta(minutes=minutes + more), WITH_LUNCH)
    assert begin < end <= later
    assert business_time_between(begin, end, WITH_LUNCH) == timedelta(minutes=minutes)
    assert business_time_between(end, later, WITH_LUNCH) == timedelta(minutes=more)

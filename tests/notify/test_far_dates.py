"""Leap days, the end of 32-bit seconds, and years no calendar of a clinic reaches (FAULT-53)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kernel.evidence.derived_days import years_between
from services.dashboard.rules.times import age_on
from services.notify.rules.cadence import read_steps
from services.notify.rules.plan import Reach, Visit, plan
from services.notify.rules.quiet_hours import US_ZONES
from tests.notify.people import book, submit
from tests.notify.standing import Standing

STEPS = read_steps(
    [
        {"step": "booked", "moment": "booking", "channels": ["sms"], "template": "visit_booked"},
        {
            "step": "3_days",
            "moment": "days_before",
            "amount": 3,
            "channels": ["sms"],
            "template": "visit_reminder",
        },
        {
            "step": "same_day",
            "moment": "hours_before",
            "amount": 3,
            "channels": ["sms"],
            "template": "visit_reminder",
        },
    ]
)
VISITS = st.datetimes(datetime(2000, 1, 12), datetime(2099, 12, 20), timezones=st.just(UTC))
LEAP_DAY = datetime(2028, 2, 29, 16, tzinfo=UTC)
END_OF_32_BITS = datetime(2038, 1, 19, 16, tzinfo=UTC)


@pytest.mark.fault("F53")
@given(starts=VISITS, zone=st.sampled_from(sorted(US_ZONES)), ahead=st.integers(4, 10))
@example(starts=LEAP_DAY, zone="America/Chicago", ahead=4)
@example(starts=LEAP_DAY + timedelta(days=2), zone="America/Chicago", ahead=4)
@example(starts=END_OF_32_BITS, zone="Pacific/Honolulu", ahead=9)
def test_in_a_whole_century_each_reminder_is_on_its_own_day(starts: datetime, zone: str, ahead: int) -> None:
    booked = starts - timedelta(days=ahead)
    planned = {
        one.step: one for one in plan(Visit(starts, booked, zone), STEPS, {"sms": Reach("")}, zone, booked)
    }
    day = starts.astimezone(ZoneInfo(zone)).date()
    assert planned["3_days"].planned_for.astimezone(ZoneInfo(zone)).date() == day - timedelta(days=3)
    for one in planned.values():
        assert one.state == "suppressed" or booked <= one.due_at < one.expires_at <= starts


@pytest.mark.fault("F53")
def test_who_was_born_on_a_leap_day_grows_older_on_the_first_of_march() -> None:
    """The day after the 28th; as most states count it, and both places that count agree."""
    born = date(2008, 2, 29)
    ages = {date(2026, 2, 28): 17, date(2026, 3, 1): 18, date(2028, 2, 28): 19, date(2028, 2, 29): 20}
    for day, age in ages.items():
        assert years_between(born, day) == age, day
        assert age_on(born.isoformat(), day) == age, day


@pytest.mark.fault("F53")
def test_no_moment_typed_in_is_too_far_away_to_be_refused(notify: Standing) -> None:
    body = {
        "site_name": "Overland Park",
        "starts_at": "2028-02-29T10:00:00-06:00",
        "booked_at": "2028-02-20T10:00:00-06:00",
        "time_zone": "America/Chicago",
    }

    def simulated(**changed: str) -> tuple[int, list[str]]:
        answer = notify.call("POST", "/api/notify/v1/simulate", body=body | changed)
        if answer.status_code == 200:
            return 200, [one["planned_for"][:10] for one in answer.json()["items"] if one["step"] == "3_days"]
        return answer.status_code, [error["field"] for error in answer.json()["errors"]]

    assert simulated() == (200, ["2028-02-26"])
    far = {"starts_at": "2038-01-19T03:14:08+00:00", "booked_at": "2038-01-02T10:00:00-06:00"}
    assert simulated(**far) == (200, ["2038-01-15"])
    for strange in (
        "9999-12-31T23:59:59+00:00",
        "9999-12-31T23:59:59-14:00",
        "2100-01-01T00:00:00+00:00",
        "2027-06-30T23:59:60+00:00",
        "2027-02-29T10:00:00+00:00",
    ):
        assert simulated(starts_at=strange) == (422, ["starts_at"]), strange
    for strange in ("0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59+00:00"):
        assert simulated(booked_at=strange) == (422, ["booked_at"]), strange
    # A visit another service tells of is remembered whatever its year.
    patient = submit(notify)
    visit = book(notify, patient, LEAP_DAY)
    (third,) = notify.messages(appointment_id=visit, step="3_days")
    assert third.planned_for.astimezone(ZoneInfo("America/Chicago")).date() == date(2028, 2, 26)

"""Ten years of every US clock: nothing is ever planned for, or let out at, a wrong hour."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.rules.cadence import Step
from services.notify.rules.gate import Candidate, judge
from services.notify.rules.plan import Reach, Visit, plan
from services.notify.rules.quiet_hours import (
    LEGAL,
    US_ZONES,
    USUAL,
    Window,
    last_close,
    may_arrive,
    next_open,
    recipient_zones,
)
from services.notify.rules.zones import zone_for

DECADE = (datetime(2026, 1, 1), datetime(2036, 1, 1))
# Every name the zone database files under the United States, not only one a kind of clock.
ALL_US = sorted(
    name
    for name in available_timezones()
    if name.startswith(("US/", "America/Indiana/", "America/Kentucky/", "America/North_Dakota/"))
    or name in US_ZONES
    or name in ("America/Boise", "America/Detroit", "America/Juneau", "America/Menominee", "America/Nome")
    or name
    in ("America/Metlakatla", "America/Sitka", "America/Yakutat", "America/Shiprock", "Pacific/Johnston")
    # The territories: two of them are a day ahead of the others.
    or name
    in ("America/Puerto_Rico", "America/St_Thomas", "Pacific/Guam", "Pacific/Saipan", "Pacific/Pago_Pago")
)
moments = st.datetimes(*DECADE, timezones=st.just(UTC))
zones = st.sampled_from([*ALL_US, ""])
STEPS = (
    Step("booked", "booking", 0, 10, ("sms",), True, "visit", "visit_booked", "booking_confirmation", "all"),
    Step("3_days", "days_before", 3, 10, ("sms",), False, "visit", "visit_reminder", "", "planned_ahead"),
    Step("1_day", "days_before", 1, 10, ("sms",), False, "visit", "visit_reminder", "", "planned_ahead"),
    Step(
        "same_day", "hours_before", 2.5, 10, ("sms",), False, "visit", "visit_reminder", "same_day_reminder",
        "short_notice",
    ),
)  # fmt: skip


def local_time(at: datetime, zone: str) -> time:
    return at.astimezone(ZoneInfo(zone)).time()


@pytest.mark.capability("N11")
@settings(max_examples=3000, deadline=None)
@given(at=moments, zone=zones, window=st.sampled_from([LEGAL, USUAL]))
def test_the_next_opening_is_open_soon_and_never_early(at: datetime, zone: str, window: Window) -> None:
    clocks = recipient_zones(zone)
    opened = next_open(at, clocks, window)
    assert may_arrive(opened, clocks, window)
    assert at <= opened <= at + timedelta(days=1, hours=1)
    if may_arrive(at, clocks, window):
        assert opened == at
    else:
        assert not may_arrive(opened - timedelta(microseconds=1), clocks, window)
    assert last_close(at, clocks, window) <= at


@pytest.mark.capability("N11")
@settings(max_examples=2000, deadline=None)
@given(
    booked=moments,
    ahead=st.timedeltas(min_value=timedelta(minutes=40), max_value=timedelta(days=40)),
    zone=zones,
    site_zone=st.sampled_from(["America/Chicago", "America/Denver"]),
)
def test_nothing_is_planned_for_quiet_hours_nor_after_it_is_of_use(
    booked: datetime, ahead: timedelta, zone: str, site_zone: str
) -> None:
    visit = Visit(starts_at=booked + ahead, changed_at=booked, site_zone=site_zone)
    rows = plan(visit, STEPS, {"sms": Reach()}, zone, booked)
    assert [row.step for row in rows] == [step.step for step in STEPS]
    for row in rows:
        assert row.state == "due" or row.reason
        if row.state == "due":
            assert may_arrive(row.due_at, recipient_zones(zone), LEGAL)
            assert booked <= row.due_at < row.expires_at <= visit.starts_at


@pytest.mark.fault("F51")
@pytest.mark.capability("N11")
def test_no_text_leaves_at_a_wrong_hour_in_ten_years_of_clock_changes() -> None:
    """Every half hour of the two days around each change, in every US zone: what the gate lets go is in hours."""
    wrong = 0
    for zone in ALL_US:
        for change in clock_changes(ZoneInfo(zone)):
            for step in range(-48, 49):
                at = change + timedelta(minutes=30 * step)
                verdict = judge(candidate(zone), at)
                inside = time(8) <= local_time(at, zone) < time(21)
                wrong += (verdict.fate == "go") != inside
                if verdict.until is not None:
                    wrong += not time(8) <= local_time(verdict.until, zone) < time(21)
    assert wrong == 0


@pytest.mark.fault("F51", "F52")
@pytest.mark.capability("N11")
def test_where_the_zone_is_unknown_no_text_is_at_a_wrong_hour_anywhere_in_the_country() -> None:
    allowed = wrong = 0
    for change in clock_changes(ZoneInfo("America/New_York")):
        for step in range(-48, 49):
            at = change + timedelta(minutes=30 * step)
            if judge(candidate(""), at).fate == "go":
                allowed += 1
                wrong += sum(not time(8) <= local_time(at, zone) < time(21) for zone in ALL_US)
    assert wrong == 0
    assert allowed >= 20 * 4, "some hours of every day are left"


def clock_changes(zone: ZoneInfo) -> list[datetime]:
    """The changes of ten years; midsummer of each year where there are none, so that no zone goes unproved."""
    found = []
    day = DECADE[0].replace(tzinfo=UTC)
    while day.year < 2036:
        if day.astimezone(zone).utcoffset() != (day + timedelta(days=1)).astimezone(zone).utcoffset():
            found.append(day + timedelta(hours=10))
        day += timedelta(days=1)
    return found or [datetime(year, 7, 1, 10, tzinfo=UTC) for year in range(2026, 2036)]


def candidate(zone: str, **more: object) -> Candidate:
    facts: dict[str, object] = {
        "step": "1_day",
        "channel": "sms",
        "topic": "visit",
        "exempt": "",
        "urgent": False,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "expires_at": datetime(2040, 1, 1, tzinfo=UTC),
        "time_zone": zone,
        "reachable": True,
        "consent": True,
        "opted_out": False,
        "held": False,
        "dead": False,
        "of_visit": True,
        "visit_is_current": True,
        "visit_state": "booked",
        "sent_today": 0,
        "sent_this_week": 0,
        "told_by_staff_at": None,
    }
    return Candidate(**(facts | more))  # type: ignore[arg-type]


NIGHT = datetime(2027, 3, 3, 5, 0, tzinfo=UTC)
NOON = datetime(2027, 3, 2, 18, 0, tzinfo=UTC)


@pytest.mark.capability("N11")
def test_only_an_explicit_urgent_or_a_fresh_answer_goes_out_at_night() -> None:
    assert judge(candidate("America/Chicago"), NIGHT).reason == "quiet_hours"
    assert judge(candidate("America/Chicago", urgent=True), NIGHT).fate == "go"
    answer = {"exempt": "answer_to_own_text", "created_at": NIGHT - timedelta(minutes=1)}
    assert judge(candidate("America/Chicago", **answer), NIGHT).fate == "go"
    late = {"exempt": "answer_to_own_text", "created_at": NIGHT - timedelta(minutes=6)}
    assert judge(candidate("America/Chicago", **late), NIGHT).reason == "quiet_hours"


@pytest.mark.capability("N5")
def test_what_became_of_the_visit_decides_which_message_still_goes() -> None:
    for state, facts, reason in (
        ("cancelled", {}, "cancelled"),
        ("cancelled", {"step": "cancelled"}, ""),
        ("no_show", {}, "no_show"),
        ("no_show", {"topic": "outreach"}, ""),
        ("attended", {"topic": "outreach"}, "attended"),
        ("attended", {"topic": "follow_up"}, ""),
        ("booked", {"topic": "follow_up"}, "booked"),
        ("booked", {"visit_is_current": False}, "moved"),
    ):
        verdict = judge(candidate("America/Chicago", visit_state=state, **facts), NOON)
        assert verdict.reason == reason, (state, facts)
        assert verdict.fate == ("suppressed" if reason else "go")


@pytest.mark.fault("F52")
@pytest.mark.capability("N11")
def test_an_unknown_zone_waits_for_the_hours_every_us_clock_shares() -> None:
    # Half past four in Chicago is half past eight, tomorrow, on Guam: inside the legal hours everywhere.
    assert judge(candidate(""), NOON + timedelta(hours=4, minutes=30)).fate == "go"
    early = judge(candidate(""), NOON)
    assert early.reason == "quiet_hours"
    assert early.until == datetime(2027, 3, 2, 23, 0, tzinfo=UTC), "nine in the morning on Guam"


@pytest.mark.capability("N11")
def test_a_postcode_names_the_zone_only_where_its_people_keep_one_time() -> None:
    named = {
        "66204": "America/Chicago",
        "68901": "America/Chicago",
        "10001": "America/New_York",
        "80202": "America/Denver",
        "94105": "America/Los_Angeles",
        "96813": "Pacific/Honolulu",
        "96910": "Pacific/Guam",
        "96950": "Pacific/Saipan",
        "96799": "Pacific/Pago_Pago",
        "00901": "America/Puerto_Rico",
    }
    assert {postcode: zone_for("", postcode) for postcode in named} == named
    # Western Kansas keeps two times and so does southwestern Nebraska (Imperial, 69033), Arizona has a nation that
    # changes its clocks, Palau is no US time.
    for split in ("67735", "69033", "69001", "86503", "32401", "96940", "", "662", "ABCDE"):
        assert zone_for("", split) == "", split
    assert zone_for("Pacific/Guam", "66204") == "Pacific/Guam", "what the patient said comes first"


@pytest.mark.parametrize(
    ("today", "week", "exempt", "reason"),
    [
        (1, 1, "", "daily_cap"),
        (0, 3, "", "weekly_cap"),
        (1, 3, "booking_confirmation", ""),
        (1, 3, "same_day_reminder", ""),
        (0, 2, "", ""),
    ],
)
def test_one_a_day_and_three_a_week_but_for_the_named_exemptions(
    today: int, week: int, exempt: str, reason: str
) -> None:
    verdict = judge(candidate("America/Chicago", sent_today=today, sent_this_week=week, exempt=exempt), NOON)
    assert verdict.reason == reason
    if reason:
        assert verdict.until is not None
        assert local_time(verdict.until, "America/Chicago") == time(9)


@pytest.mark.capability("N11")
def test_a_letter_to_an_unknown_zone_goes_by_the_sites_clock_and_the_text_by_everybodys() -> None:
    booked = datetime(2027, 3, 2, 16, 0, tzinfo=UTC)  # ten in the morning in Chicago
    visit = Visit(starts_at=booked + timedelta(days=9), changed_at=booked, site_zone="America/Chicago")
    both = Step("booked", "booking", 0, 10, ("sms", "email"), True, "visit", "visit_booked", "", "all")
    rows = {row.channel: row for row in plan(visit, (both,), {"sms": Reach(), "email": Reach()}, "", booked)}
    assert (rows["email"].due_at, rows["email"].reason) == (booked, "")
    assert (rows["sms"].due_at, rows["sms"].reason) == (booked + timedelta(hours=7), "quiet_hours")


@pytest.mark.fault("F49")
@pytest.mark.capability("N4")
def test_what_is_heard_late_is_planned_for_now_for_the_morning_or_not_at_all() -> None:
    booked = datetime(2027, 3, 2, 16, 0, tzinfo=UTC)  # ten in the morning in Chicago
    visit = Visit(starts_at=booked + timedelta(days=9), changed_at=booked, site_zone="America/Chicago")

    def planned(step: str, *, heard: timedelta) -> tuple[str, str, timedelta]:
        rows = plan(visit, STEPS, {"sms": Reach()}, "America/Chicago", booked + heard)
        (row,) = [row for row in rows if row.step == step]
        return row.state, row.reason, row.due_at - booked

    six_days, hour, minute = timedelta(days=6), timedelta(hours=1), timedelta(minutes=1)
    assert planned("3_days", heard=six_days - hour) == ("due", "", six_days)
    assert planned("3_days", heard=six_days + hour) == ("due", "", six_days + hour)
    assert planned("3_days", heard=six_days + 13 * hour) == ("due", "quiet_hours", six_days + 23 * hour)
    # A day late, the next reminder says it better.
    assert planned("3_days", heard=six_days + 24 * hour)[:2] == ("suppressed", "too_late")
    assert planned("1_day", heard=timedelta(days=9) - 31 * minute)[:2] == ("due", "")
    assert planned("1_day", heard=timedelta(days=9) - 30 * minute)[:2] == ("suppressed", "too_late")
    visit = replace(visit, changed_at=booked + six_days + hour)
    assert planned("3_days", heard=six_days + hour)[:2] == ("suppressed", "already_past_when_booked")


@pytest.mark.capability("N20")
def test_staff_having_just_spoken_with_the_patient_makes_a_reminder_needless() -> None:
    told = {"told_by_staff_at": NOON - timedelta(hours=3)}
    assert judge(candidate("America/Chicago", **told), NOON).reason == "staff_spoke_with_patient"
    assert judge(candidate("America/Chicago", **told, exempt="same_day_reminder"), NOON).fate == "go"
    old = {"told_by_staff_at": NOON - timedelta(hours=25)}
    assert judge(candidate("America/Chicago", **old), NOON).fate == "go"


@pytest.mark.capability("N11")
@pytest.mark.parametrize("exempt", ["booking_confirmation", "same_day_reminder", "correction"])
def test_a_number_staff_must_read_a_reply_of_gets_no_exempt_text_at_night_either(exempt: str) -> None:
    verdict = judge(candidate("America/Chicago", held=True, exempt=exempt), NIGHT)
    assert (verdict.fate, verdict.reason) == ("wait", "quiet_hours")
    assert judge(candidate("America/Chicago", held=True, exempt=exempt), NOON).fate == "go"
    assert judge(candidate("America/Chicago", held=True), NOON).fate == "held"

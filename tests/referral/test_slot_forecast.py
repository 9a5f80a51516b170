"""The forecast of shortages: what it says, how wrong it was, and that it learns from nothing but counted mornings."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from kernel.ids import new_id
from local.demo.past_weeks import MORNINGS, live_past_weeks
from services.referral.actions.count_free_slots import count_free_slots
from services.referral.model.slot_supply import SlotSupply
from services.referral.rules.slot_forecast import (
    DAYS_COUNTED,
    NO_DEMAND,
    Demand,
    Supply,
    back_test,
    days_until_none,
    demand,
    horizon_of,
)
from tests.referral.calendar_steps import CHICAGO, booked, many_ready_to_book, slots
from tests.referral.conftest import FRONT_DESK, MANAGER, Clinic

MONDAY = date(2026, 9, 7)
EVERY_DAY = frozenset(range(7))
counts = st.lists(st.integers(0, 12), min_size=DAYS_COUNTED, max_size=DAYS_COUNTED).map(tuple)


def mornings(count: int, every: int, each_day: int = 6, start: date = MONDAY) -> list[Supply]:
    """A site with `each_day` slots a day, open four weeks ahead; each day one goes on every `every`-th day ahead."""
    left = {start + timedelta(days=n): each_day for n in range(DAYS_COUNTED)}
    history = []
    for number in range(count):
        today = start + timedelta(days=number)
        ahead = [today + timedelta(days=n) for n in range(DAYS_COUNTED)]
        history.append(Supply(today, tuple(left.setdefault(day, each_day) for day in ahead)))
        waiting = 0
        for days_ahead, day in enumerate(ahead[1:], start=1):
            waiting += days_ahead % every == 1
            taken = min(waiting, left[day])
            left[day] -= taken
            waiting -= taken
    return history


def test_demand_is_what_goes_from_one_morning_to_the_next_by_weekday() -> None:
    history = mornings(17, 3)
    assert demand(history).by_weekday == (9.0,) * 7
    assert {n for n, share in enumerate(demand(history).by_days_ahead) if share} == set(range(1, 28, 3))
    # A morning that was not counted breaks the chain instead of counting twice.
    assert demand(history[:3] + history[5:]).by_weekday == (9.0,) * 7
    assert demand(history[:1]).by_weekday == (0.0,) * 7


@pytest.mark.capability("S18")
def test_a_shortage_is_seen_days_before_and_the_back_test_says_how_well() -> None:
    # Nine a day go where eight a day open: the days ahead fill up until none is left in time.
    history = mornings(60, 3, each_day=8)
    empty = next(
        n for n, supply in enumerate(history) if days_until_none(supply, NO_DEMAND, EVERY_DAY, 0) == 0
    )
    assert 18 < empty < 45
    early = history[: empty - 2]
    told = days_until_none(early[-1], demand(early), EVERY_DAY)
    assert told is not None
    assert abs(told - 3) <= 1
    tested = back_test(history, EVERY_DAY)
    assert tested is not None
    assert tested.mean_error_days <= 2
    assert tested.called >= 3
    # Where fewer go than open, nothing is called and nothing came.
    calm = mornings(60, 7)
    assert days_until_none(calm[-1], demand(calm), EVERY_DAY) is None
    quiet = back_test(calm, EVERY_DAY)
    assert quiet is not None
    assert (quiet.mean_error_days, quiet.called, quiet.missed, quiet.false_alarms) == (0, 0, 0, 0)
    assert back_test(history[:14], EVERY_DAY) is None


def test_a_sudden_rush_is_a_miss_in_the_back_test() -> None:
    calm = mornings(40, 7)
    rush = [Supply(calm[-1].day + timedelta(days=n), (0,) * DAYS_COUNTED) for n in range(1, 20)]
    tested = back_test(calm + rush, EVERY_DAY)
    assert tested is not None
    assert tested.missed > 0
    assert tested.mean_error_days > 0


@given(counts, st.integers(0, 9), st.integers(0, 9))
def test_more_demand_never_makes_the_shortage_later(free: tuple[int, ...], rate: int, more: int) -> None:
    supply = Supply(MONDAY, free)
    never = DAYS_COUNTED
    ahead = (0.0, *[1 / (DAYS_COUNTED - 1)] * (DAYS_COUNTED - 1))

    def told(going: int) -> int:
        found = days_until_none(supply, Demand((float(going),) * 7, ahead), EVERY_DAY)
        return never if found is None else found

    assert told(rate + more) <= told(rate)
    assert (told(rate) == 0) == (sum(free[:2]) == 0)


def test_nothing_is_told_of_days_that_have_not_opened() -> None:
    weekdays = frozenset(range(5))
    assert horizon_of(90, weekdays) == 14
    # On a Friday the next open day is three days on: with seven days open, three ahead can be looked at.
    assert [horizon_of(opened, weekdays) for opened in (7, 5, 4, 1)] == [3, 1, 0, 0]
    assert horizon_of(7, EVERY_DAY) == 5


def test_a_weekend_without_hours_does_not_count_as_a_shortage() -> None:
    weekdays = frozenset(range(5))
    friday = Supply(date(2026, 9, 11), (0, 0, 0, 4, *([0] * 24)))
    assert days_until_none(friday, NO_DEMAND, weekdays, 0) is None
    assert days_until_none(friday, NO_DEMAND, EVERY_DAY, 0) == 0


@pytest.mark.capability("S18")
def test_each_morning_is_counted_once_and_the_forecast_shows_its_error(staffed: Clinic) -> None:
    def count() -> int:
        with staffed.session() as session:
            return count_free_slots(session)

    def forecasts() -> dict[tuple[str, str], dict[str, Any]]:
        items = staffed.get("/slot-forecasts", MANAGER)["items"]
        return {(one["site"], one["visit_type"]): one for one in items}

    first = count()
    assert first > 10
    here = ("paola", "pt_evaluation")
    one = forecasts()[here]
    assert (one["known"], one["days"], one["mornings"], one["back_test"]) == (False, None, 1, None)
    (referral,) = many_ready_to_book(staffed, 1)
    booked(staffed, referral, slots(staffed, visit_type="pt_evaluation", site="paola")[0])
    # A day is counted once, in the morning: bookings of the day show in the next morning's count.
    assert count() == 0
    today = staffed.now().astimezone(CHICAGO).date()
    with staffed.session() as session:
        session.execute(text("DELETE FROM slot_supply"))
        session.add_all(
            SlotSupply(
                id=new_id(), site_id=here[0], visit_type_id=here[1], day=supply.day, free=list(supply.free)
            )
            for supply in mornings(17, 3, start=today - timedelta(days=16))
        )
    one = forecasts()[here]
    assert one["known"]
    assert one["days"] == 2
    assert one["gone_a_week"] == 63.0
    assert (one["site_name"], one["mornings"]) == ("Paola", 17)
    listed = staffed.get("/slot-forecasts", FRONT_DESK)["items"]
    assert listed[0]["site"] == "paola"


@pytest.mark.capability("S18")
def test_the_demo_clinics_weeks_are_booked_and_counted_by_the_clinics_own_code(staffed: Clinic) -> None:
    """What its page shows of the forecast and its error is worked out of these mornings, and of nothing else."""
    assert live_past_weeks(staffed.parts.database) == MORNINGS
    with staffed.session() as session:
        assert count_free_slots(session) > 10
    items = staffed.get("/slot-forecasts", MANAGER)["items"]
    kinds = {one["visit_type"] for one in items}
    assert kinds == {"pt_evaluation", "medication_review", "surgical_consult", "same_day_clinician"}
    # Of every first visit at every site: what it says, and how wrong it was.
    assert {(one["known"], one["mornings"]) for one in items} == {(True, MORNINGS + 1)}
    assert [one for one in items if not one["back_test"]] == []
    # Its days open a week ahead: those that have not opened yet are no shortage, and none is called for them.
    soon = [one for one in items if one["visit_type"] == "same_day_clinician"]
    # Three days, four at a site that is open on Saturdays.
    assert {one["horizon_days"] for one in soon} == {3, 4}
    assert [one["back_test"]["false_alarms"] for one in soon] == [0] * len(soon)
    told = {one["site"]: one for one in items if one["visit_type"] == "pt_evaluation"}
    assert {one["horizon_days"] for one in told.values()} == {14}
    asked_for, calm = told["lees_summit"], told["leawood"]
    assert asked_for["gone_a_week"] > calm["gone_a_week"] + 20
    assert asked_for["back_test"]["forecasts"] >= 5
    tested = [one["back_test"] for one in told.values() if one["back_test"]]
    assert sum(one["called"] + one["missed"] for one in tested) > 0, (
        "shortages came, and were foreseen or not"
    )
    assert calm["back_test"]["called"] == 0
    with staffed.session() as session:
        visits = session.execute(text("SELECT count(*), count(referral_id) FROM appointment")).one()
        assert (
            session.execute(text("SELECT count(*) FROM outbox_event WHERE type LIKE 'appointment%'")).scalar()
            == 0
        )
    assert visits[0] > 150
    assert visits[1] == 0, "nobody is written to about them"
    assert live_past_weeks(staffed.parts.database) == 0, "once"

"""Booking by the desk: the best sites and why, a series with its conflicts, a full time by permission, what suits."""

import re
from datetime import date, timedelta
from typing import Any

import pytest

from kernel.ids import new_id
from services.dashboard.queries.slots import shown_days
from services.dashboard.rules.series_form import read_series, usual_series
from tests.dashboard.conftest import Dashboard

NECK = {"age_years": 44, "neck_provokes_headache": True, "pain_weeks": 10}
SERIES = str(new_id())


def last(clinic: Dashboard) -> tuple[str, Any]:
    sent = [call for call in clinic.world.calls if call["method"] == "POST"][-1]
    return sent["path"], sent["body"]


@pytest.fixture
def row(clinic: Dashboard) -> dict[str, Any]:
    """A referral for therapy, ready to book."""
    return clinic.world.add_referral("Mara", "Ostrander", NECK, state="to_book", route="physical_therapy")


@pytest.mark.capability("T17", "C7")
def test_find_a_slot_says_which_site_is_best_why_and_whether_the_promise_holds(
    clinic: Dashboard, row: dict[str, Any]
) -> None:
    start = clinic.world.now.isoformat()
    item = {
        "site": "liberty",
        "site_name": "Liberty",
        "starts_at": start,
        "kept": True,
        "drive_minutes": 14,
        "why": ["nearest", "within_promise"],
    }
    told = {"items": [item], "promise_kept": True, "sites_without_slots": ["lees-summit"]}
    clinic.world.extra["referral", "GET", f"referrals/{row['id']}/proposals"] = told
    desk = clinic.signed_in("front_desk")
    page = " ".join(desk.get(f"/staff/referrals/{row['id']}/slots").text.split())
    for words in (
        "the promise can be kept",
        "14 min drive",
        "nearest, within the promise",
        "none free in 60 days",
    ):
        assert words in page
    told["promise_kept"] = False
    assert "no site keeps the promise" in desk.get(f"/staff/referrals/{row['id']}/slots").text


@pytest.mark.capability("S1")
def test_a_page_of_slots_shows_whole_days_and_the_next_page_skips_none() -> None:
    """A search that gave as many as it may was cut in its last day: that day begins the next page."""
    today = date(2026, 12, 1)

    def slots(*counts: int) -> list[dict[str, Any]]:
        days = [
            (today + timedelta(days=n)).isoformat() for n, count in enumerate(counts) for _ in range(count)
        ]
        return [{"local_start": f"{day}T09:00:00-06:00"} for day in days]

    whole = shown_days(slots(30, 0, 20), "2026-12-01", today)
    assert ([day for day, _ in whole.days], whole.later) == (["2026-12-01", "2026-12-03"], "2026-12-11")
    cut = shown_days(slots(40, 40, 20), "2026-12-01", today)
    assert ([day for day, _ in cut.days], cut.later, cut.cut) == (
        ["2026-12-01", "2026-12-02"],
        "2026-12-03",
        False,
    )
    one_day = shown_days(slots(100), "2026-12-01", today)
    assert (len(one_day.days[0][1]), one_day.later, one_day.cut) == (100, "2026-12-02", True)
    assert shown_days([], "no day", today).later == "2026-12-11"


@pytest.mark.capability("S13")
def test_a_series_is_looked_at_with_its_conflicts_then_booked_without_them_and_cancelled_at_once(
    clinic: Dashboard, row: dict[str, Any]
) -> None:
    base, now = f"referrals/{row['id']}/series", clinic.world.now
    planned = [
        {
            "number": n + 1,
            "starts_at": (now + timedelta(days=3 * n)).isoformat(),
            "conflicts": [],
            "instead": [],
        }
        for n in range(3)
    ]
    planned[1]["conflicts"] = ["provider_taken"]
    planned[1]["instead"] = [{"starts_at": now.isoformat(), "provider_id": "prov-1"}]
    clinic.world.extra["referral", "POST", f"{base}/check"] = {"planned": planned}
    clinic.world.extra["referral", "POST", base] = {"series_id": SERIES}
    clinic.world.extra["referral", "POST", f"series/{SERIES}/cancel"] = {"series_id": SERIES}
    desk = clinic.signed_in("front_desk")
    assert f"/staff/{base}" in desk.get(f"/staff/referrals/{row['id']}").text
    form = {
        "visit_type": "therapy_series",
        "provider_id": "prov-1",
        "site_id": "liberty",
        "day": "2030-01-07",
        "at": "09:30",
        "weekdays": ["0", "3"],
        "count": "3",
    }
    clinic.world.away.add("referral")
    silent = desk.get(f"/staff/{base}")
    assert (silent.status_code, "not known whether this was done" in silent.text) == (503, False)
    clinic.world.away.clear()
    desk.get(f"/staff/{base}")
    looked = desk.post(f"/staff/{base}", form)
    page = " ".join(looked.text.split())
    assert "1 of 3 cannot be booked" in page
    assert "the therapist has somebody then" in page
    assert "Book the 2 that are free, leave out 1" in page
    kept = desk.form_fields(looked, f"/staff/{base}/book")
    # Somebody is faster: the same choice stands there with what is in its way now.
    clinic.world.refusals[base] = (409, {"code": "series_conflicts", "title": "Some are taken."})
    late = desk.post(f"/staff/{base}/book", {**kept, "weekdays": ["0", "3"]})
    assert (late.status_code, "Nothing was booked." in late.text) == (409, True)
    assert "1 of 3 cannot be booked" in " ".join(late.text.split())
    assert desk.form_fields(late, f"/staff/{base}/book")["at"] == "09:30"
    del clinic.world.refusals[base]
    assert desk.post(f"/staff/{base}/book", {**kept, "weekdays": ["0", "3"]}).status_code == 303
    assert last(clinic)[1] == {
        "visit_type": "therapy_series",
        "provider_id": "prov-1",
        "site_id": "liberty",
        "first_start": "2030-01-07T09:30:00",
        "weekdays": [0, 3],
        "count": 3,
        "skip_conflicts": True,
    }
    wrong = desk.post(f"/staff/{base}", {**form, "weekdays": [], "count": "99"})
    assert (wrong.status_code, "at least one day" in wrong.text, "From 1 to 36" in wrong.text) == (
        422,
        True,
        True,
    )
    for n in range(3):
        clinic.world.add_appointment(row, now + timedelta(days=n - 1), series_id=SERIES)
    case = desk.get(f"/staff/referrals/{row['id']}")
    assert re.search(r"<b>1</b> of 3 visits to come", case.text)
    cancel = f"/staff/{base}/{SERIES}/cancel"
    seen = [f"{(now + timedelta(days=n)).isoformat()} booked" for n in (1, 4)]
    row["series"] = [{"id": SERIES, "version": 5, "visits_to_come": seen}]
    case = desk.get(f"/staff/referrals/{row['id']}")
    # The patient confirmed one meanwhile: the page says which visits stood there, and which do now.
    current = {"visits_to_come": [seen[0].replace("booked", "confirmed"), seen[1]]}
    clinic.world.refusals[f"series/{SERIES}/cancel"] = (
        412,
        {"code": "changed_meanwhile", "current": current},
    )
    crossed = desk.post(cancel, {**desk.form_fields(case, cancel), "reason_code": "patient_declined"})
    told = re.findall(r"<s>(.*?)</s></td><td><b>(.*?)</b>", crossed.text)
    assert [(was.count("booked"), now_is.count("confirmed")) for was, now_is in told] == [(2, 1)]
    del clinic.world.refusals[f"series/{SERIES}/cancel"]
    done = desk.post(cancel, {**desk.form_fields(case, cancel), "reason_code": "patient_declined"})
    assert done.status_code == 303
    assert [call for call in clinic.world.calls if call["method"] == "POST"][-1]["headers"][
        "If-Match"
    ] == '"5"'
    assert last(clinic) == (f"/series/{SERIES}/cancel", {"reason_code": "patient_declined"})


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"day": "2030-02-31"}, "day"),
        ({"at": "25:00"}, "day"),
        ({"at": "09:00+01:00"}, "day"),
        ({"weekdays": ["7", "x", ""]}, "weekdays"),
        ({"count": "0"}, "count"),
        ({"count": "³"}, "count"),
        ({"provider_id": ""}, "provider_id"),
    ],
)
def test_a_series_form_that_is_not_right_says_where(changes: dict[str, Any], wrong: str) -> None:
    right = {
        "visit_type": "therapy_series",
        "provider_id": "p",
        "site_id": "s",
        "day": "2030-01-07",
        "at": "09:30",
        "weekdays": ["0"],
        "count": "12",
    }
    assert read_series(right)[1] == {}
    assert list(read_series({**right, **changes})[1]) == [wrong]


def test_a_series_begins_with_a_therapist_and_a_site_that_go_together() -> None:
    kinds = [{"id": "therapy_series"}]
    people: list[dict[str, Any]] = [
        {"id": "a", "visit_types": ["pt_evaluation"], "sites": ["paola"]},
        {"id": "b", "visit_types": ["therapy_series"], "sites": ["leawood"]},
        {"id": "c", "visit_types": ["therapy_series"], "sites": ["garnett", "paola"]},
    ]

    def usual(**referral: Any) -> tuple[str, str]:
        form = usual_series(referral, kinds, people, date(2026, 12, 4))
        assert (form["day"], form["weekdays"]) == ("2026-12-07", ["0", "3"]), (
            "Sunday is none of the usual days"
        )
        return form["provider_id"], form["site_id"]

    assert usual() == ("b", "leawood")
    assert usual(site="paola") == ("c", "paola")
    assert usual(site="grandview") == ("b", "leawood")
    seen = [{"provider_id": "c", "site": "garnett", "state": "attended"}]
    assert usual(site="leawood", appointments=seen) == ("c", "garnett")


@pytest.mark.capability("S10")
def test_what_suits_a_waiting_patient_is_said_with_the_place_on_the_list(
    clinic: Dashboard, row: dict[str, Any]
) -> None:
    clinic.world.extra["referral", "POST", f"referrals/{row['id']}/waitlist"] = {"id": str(new_id())}
    desk = clinic.signed_in("front_desk")
    action = f"/staff/referrals/{row['id']}/waitlist"
    fields = desk.form_fields(desk.get(f"/staff/referrals/{row['id']}"), action)
    wishes = {
        "sites": ["liberty", "lees-summit"],
        "weekdays": ["4", "0"],
        "from_time": "08:30",
        "until_time": "12:00",
        "notice_hours": "24",
        "expires_at": "2030-01-31",
    }
    assert desk.post(action, {**fields, **wishes}).status_code == 303
    assert last(clinic)[1] == {
        "sites": ["liberty", "lees-summit"],
        "weekdays": [0, 4],
        "from_minute": 510,
        "until_minute": 720,
        "notice_minutes": 1440,
        "expires_at": "2030-01-31",
    }
    desk.post(action, {**fields, "key": "k9", "from_time": "", "until_time": ""})
    assert last(clinic)[1] == {
        "sites": [],
        "weekdays": [],
        "from_minute": 0,
        "until_minute": 1440,
        "notice_minutes": 120,
    }
    waits = {"code": "already_waiting", "title": "This patient waits already."}
    clinic.world.refusals[f"referrals/{row['id']}/waitlist"] = (409, waits)
    refused = desk.post(action, {**fields, **wishes, "key": "k10"})
    assert refused.status_code == 409
    for said in ("08:30</textarea>", "2030-01-31</textarea>", "Liberty; ", "Friday; Monday</b>"):
        assert said in refused.text


def test_a_visit_marked_as_missed_by_mistake_is_put_right(clinic: Dashboard, row: dict[str, Any]) -> None:
    visit = clinic.world.add_appointment(
        row, clinic.world.now, state="no_show", allowed=["correct_outcome"], site="liberty"
    )
    clinic.world.extra["referral", "POST", f"appointments/{visit['id']}/correct-outcome"] = visit
    desk = clinic.signed_in("front_desk")
    page = desk.get(f"/staff/today?date={visit['local_start'][:10]}&tab=not_coming")
    action = f"/staff/appointments/{visit['id']}/came-after-all"
    assert "missed-after-all" not in page.text
    assert desk.post(action, desk.form_fields(page, action)).status_code == 303
    assert last(clinic) == (f"/appointments/{visit['id']}/correct-outcome", {"outcome": "attended"})


@pytest.mark.capability("S8")
def test_a_patient_on_the_phone_is_moved_cancelled_or_confirmed_from_their_case(
    clinic: Dashboard, row: dict[str, Any]
) -> None:
    """Who calls is found by name: nobody looks for the day of the visit first."""
    visit = clinic.world.add_appointment(row, clinic.world.now + timedelta(days=2))
    row["state"], row["appointments"] = (
        "booked",
        [visit, {**visit, "id": str(new_id()), "state": "cancelled"}],
    )
    case, own = f"/staff/referrals/{row['id']}", f"/staff/appointments/{visit['id']}"
    desk = clinic.signed_in("front_desk")
    page = desk.get(case)
    assert f'href="{own}/move" data-key="m"' in page.text
    assert page.text.count(">Cancel") == 1, "what is over is not cancelled"
    asked = desk.get(f"{own}/cancel?back=case")
    assert f'href="{case}" data-key="Escape"' in asked.text
    clinic.world.extra["referral", "POST", f"appointments/{visit['id']}/cancel"] = visit
    clinic.world.extra["referral", "POST", f"appointments/{visit['id']}/confirm"] = visit
    fields = desk.form_fields(asked, f"{own}/cancel")
    done = desk.post(f"{own}/cancel", {**fields, "reason_code": "patient_unwell"})
    assert done.location.startswith(f"{case}?done=cancel")
    assert "waits to be booked again" in desk.get(done.location).text
    done = desk.post(f"{own}/confirm", desk.form_fields(page, f"{own}/confirm"))
    assert last(clinic) == (f"/appointments/{visit['id']}/confirm", {"channel": "phone"})
    assert done.location.startswith(f"{case}?done=confirm")
    therapist = clinic.signed_in("therapist").get(case).text
    assert f"{own}/move" not in therapist

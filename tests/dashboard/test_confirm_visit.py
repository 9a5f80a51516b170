"""The step before a visit is saved: everything in its way with what to do, and Enter books what a key chose."""

import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest

from kernel.ids import new_id
from tests.dashboard.conftest import Dashboard
from tests.dashboard.fake_world import SITES

NECK = {"age_years": 44, "neck_provokes_headache": True, "pain_weeks": 10}


def last(clinic: Dashboard) -> tuple[str, Any]:
    sent = [call for call in clinic.world.calls if call["method"] == "POST"][-1]
    return sent["path"], sent["body"]


@pytest.fixture
def row(clinic: Dashboard) -> dict[str, Any]:
    """A referral for therapy, ready to book."""
    return clinic.world.add_referral("Mara", "Ostrander", NECK, state="to_book", route="physical_therapy")


@pytest.mark.capability("S5")
def test_a_full_time_is_booked_over_by_a_nurse_and_by_nobody_else(
    clinic: Dashboard, row: dict[str, Any]
) -> None:
    action = f"/staff/referrals/{row['id']}/book"
    wish = {
        "visit_type": "pt_evaluation",
        "provider_id": "prov-1",
        "site_id": "liberty",
        "starts_at": "2030-01-02T09:00",
        "overbook": "1",
        "key": "k",
    }
    nurse = clinic.signed_in("nurse")
    assert "Book over a full time" in nurse.get(f"/staff/referrals/{row['id']}/slots").text
    clinic.world.extra["referral", "POST", f"referrals/{row['id']}/appointments"] = {"id": str(new_id())}
    # Before it is saved the page says what is booked over, and that this is what the button does.
    clinic.world.extra["referral", "POST", f"referrals/{row['id']}/appointments/check"] = {
        "visit": {},
        "conflicts": [{"code": "provider_taken", "appointment_id": None}],
        "alternatives": [],
        "may_overbook": True,
    }
    asking = nurse.get(f"{action}?{urlencode(wish)}")
    assert "The provider has somebody then." in asking.text
    assert "Book over the full time" in asking.text
    assert nurse.post(action, nurse.form_fields(asking, action)).status_code == 303
    assert last(clinic)[1]["overbook"] is True
    desk = clinic.signed_in("front_desk")
    assert "Book over a full time" not in desk.get(f"/staff/referrals/{row['id']}/slots").text
    assert f'action="{action}"' not in desk.get(f"{action}?{urlencode(wish)}").text
    desk.post(action, {**wish, "key": "k2"})
    assert "overbook" not in last(clinic)[1]


@pytest.mark.capability("S16")
def test_a_refused_visit_is_told_with_everything_in_its_way(clinic: Dashboard, row: dict[str, Any]) -> None:
    path = f"referrals/{row['id']}/appointments"
    wish = {
        "visit_type": "pt_evaluation",
        "provider_id": "prov-1",
        "site_id": "liberty",
        "starts_at": "2030-01-02",
    }
    shut = {"code": "slot_not_offered", "title": "That time cannot be booked.", "alternatives": []}
    clinic.world.refusals[path] = (409, {**shut, "conflicts": ["site_closed", "provider_away", "slot_held"]})
    nurse = clinic.signed_in("nurse")
    nurse.get(f"/staff/referrals/{row['id']}/slots")
    refused = nurse.post(f"/staff/referrals/{row['id']}/book", {**wish, "key": "k"}).text
    for said in (
        "The site is closed then.",
        "The provider is not there then.",
        "The time is held for somebody.",
    ):
        assert f"<b>{said}</b>" in refused
    other = str(new_id())
    twice = {"code": "second_visit", "title": "Move that one instead.", "conflicts": ["second_visit"]}
    clinic.world.refusals[path] = (409, {**twice, "appointment_id": other})
    refused = nurse.post(f"/staff/referrals/{row['id']}/book", {**wish, "key": "k2"}).text
    assert f'href="/staff/appointments/{other}/move"' in refused


@pytest.mark.capability("S16")
def test_everything_in_the_way_of_a_visit_is_shown_before_it_is_saved(
    clinic: Dashboard, row: dict[str, Any]
) -> None:
    """Closed, provider away, patient double-booked, a hold: all at once, each with what to do and a key."""
    visit = clinic.world.add_appointment(row, clinic.world.now + timedelta(days=2))
    free = {"site": SITES[0]["id"], "provider_id": "prov-2", "visit_type": "pt_evaluation"}
    near = [
        {**free, "starts_at": (clinic.world.now + timedelta(days=2, hours=n)).isoformat()} for n in (1, 2)
    ]
    conflicts = ["red_flag_hold", "site_closed", "provider_away", "slot_held"]
    check = f"referrals/{row['id']}/appointments/check"
    clinic.world.extra["referral", "POST", check] = {
        "visit": {
            "starts_at": visit["starts_at"],
            "provider_name": "Tomas Q",
            "time_zone": "America/Chicago",
        },
        "conflicts": [
            {"code": "patient_busy", "appointment_id": visit["id"]},
            *({"code": code, "appointment_id": None} for code in conflicts),
        ],
        "alternatives": near,
        "may_overbook": False,
    }
    desk = clinic.signed_in("front_desk")
    action = f"/staff/referrals/{row['id']}/book"
    wish = {
        "visit_type": "pt_evaluation",
        "provider_id": "prov-1",
        "site_id": "liberty",
        "starts_at": "2030-01-02",
    }
    page = desk.get(f"{action}?{urlencode(wish)}").text
    assert "5 things speak against it" in page
    for said, advice in (
        ("The patient has another visit then.", "Move the other visit"),
        ("A red-flag hold is open.", "A clinician speaks with them first"),
        ("The site is closed then.", "Take a time when it is open"),
        ("The provider is not there then.", "Take a time when they work"),
        ("The time is held for somebody.", "It is free again when the hold ends"),
    ):
        assert f"<b>{said}</b> {advice}" in page
    assert f'href="/staff/appointments/{visit["id"]}/move" data-key="m"' in page
    assert f'href="/staff/referrals/{row["id"]}" data-key="c"' in page
    assert page.count('<a class="slot"') == 2
    assert f'action="{action}"' not in page, "what cannot be booked has no button"
    assert not [call for call in clinic.world.calls if call["path"].endswith("/appointments")], (
        "nothing is saved"
    )
    # Nothing in the way, or the owner away for the moment: Enter books, and the owner checks again then.
    clinic.world.extra["referral", "POST", check] |= {"conflicts": [], "alternatives": []}
    sound = desk.get(f"{action}?{urlencode(wish)}").text
    assert ("against it" in sound, f'action="{action}"' in sound, 'data-key="Enter"' in sound) == (
        False,
        True,
        True,
    )
    assert desk.get(f"{action}?visit_type=pt_evaluation").status_code == 303


def test_a_time_that_has_just_gone_offers_the_next_ones_to_take_with_one_press(
    clinic: Dashboard, row: dict[str, Any]
) -> None:
    free = {
        "site": SITES[0]["id"],
        "provider_id": "prov-2",
        "visit_type": "pt_evaluation",
        "starts_at": (clinic.world.now + timedelta(days=2)).isoformat(),
    }
    path = f"referrals/{row['id']}/appointments"
    clinic.world.refusals[path] = (
        409,
        {"code": "slot_taken", "title": "Taken.", "alternatives": [free]},
    )
    clinic.world.extra["referral", "POST", path] = {"id": str(new_id())}
    desk = clinic.signed_in("front_desk")
    desk.get(f"/staff/referrals/{row['id']}/slots")
    action = f"/staff/referrals/{row['id']}/book"
    gone = desk.post(action, {"visit_type": "pt_evaluation", "key": "k3"})
    assert gone.status_code == 409
    del clinic.world.refusals[path]
    (chosen,) = re.findall(r'<a class="slot" href="([^"]+)" data-key="1"', gone.text)
    taken = desk.post(action, desk.form_fields(desk.get(unescape(chosen)), action))
    assert taken.status_code == 303
    assert last(clinic)[1] == {
        "visit_type": "pt_evaluation",
        "provider_id": "prov-2",
        "site_id": SITES[0]["id"],
        "starts_at": free["starts_at"],
    }

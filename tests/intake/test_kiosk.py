"""The clinic's tablet: it asks, ends by itself, and leaves nothing of a patient for the next one."""

import re

import pytest

from tests.intake.conftest import FRONT_DESK, NURSE, Browser, Clinic


def tablet_with(clinic: Clinic, tablet: Browser, born: str, **patient: str) -> Browser:
    known = clinic.submit({"regions": ["neck"]}, NURSE, **patient).get_json()["patient_id"]
    issued = clinic.call("POST", f"/patients/{known}/links", {"mode": "kiosk"}, actor=FRONT_DESK)
    return tablet.open(issued.get_json()["path"]).send({"birth_date": born})


def refresh(browser: Browser) -> tuple[int, str]:
    found = re.search(r'http-equiv="refresh" content="(\d+); url=([^"]+)"', browser.body)
    assert found, browser.body[:800]
    return int(found.group(1)), found.group(2)


@pytest.mark.capability("I9")
def test_a_visit_on_the_tablet_ends_by_itself_and_the_next_patient_sees_nothing(clinic: Clinic) -> None:
    tablet = clinic.browser("198.51.100.70")
    tablet_with(clinic, tablet, "03/02/1979")
    first = tablet.token
    assert tablet.page == "emergency_signs"
    assert "later" not in tablet.body, "no link is left on the clinic's tablet"
    assert refresh(tablet) == (300, "/intake/still-here")
    tablet.open("/intake/still-here")
    assert "Are you still there?" in tablet.body
    assert refresh(tablet) == (60, "/intake/done")
    assert f'href="/intake/q/{first}/"' in tablet.body, "one press goes on"
    tablet.open(f"/intake/q/{first}/where").send({"regions": ["neck"]})
    tablet.open(f"/intake/review/{first}").send()
    assert "You are done." in tablet.body
    assert refresh(tablet)[1] == "/intake/done"
    status = tablet.at
    left = tablet.client.get("/intake/done")
    assert left.headers["Clear-Site-Data"] == '"cookies", "storage"'
    assert "Please give the tablet back" in left.text
    assert tablet.open(status).status == 404
    assert tablet.open(f"/intake/q/{first}/").status == 404

    tablet_with(
        clinic,
        tablet,
        "05/06/1990",
        given_name="Cy",
        family_name="Zed",
        birth_date="1990-05-06",
        phone="+19135550188",
    )
    second = tablet.token
    for page in ("where", "pain_now", ""):
        assert " checked" not in tablet.open(f"/intake/q/{second}/{page}").body
    assert tablet.open(status).status == 404
    (row,) = clinic.sql("SELECT mode FROM submission WHERE state = 'submitted' AND mode = 'kiosk'")
    assert row.mode == "kiosk"


def test_a_new_link_on_the_tablet_forgets_whoever_left_without_ending(clinic: Clinic) -> None:
    tablet = clinic.browser("198.51.100.71")
    tablet_with(clinic, tablet, "03/02/1979")
    first = tablet.token
    tablet_with(
        clinic,
        tablet,
        "05/06/1990",
        given_name="Cy",
        family_name="Zed",
        birth_date="1990-05-06",
        phone="+19135550188",
    )
    assert tablet.token != first
    assert tablet.open(f"/intake/q/{first}/where").status == 404


def test_an_emergency_on_the_tablet_sends_the_patient_to_the_desk(clinic: Clinic) -> None:
    tablet = clinic.browser("198.51.100.72")
    tablet_with(clinic, tablet, "03/02/1979")
    tablet.send({"thunderclap": "true"})
    assert "Call 911 or go" in tablet.body
    assert "Tell the person at the desk now" in tablet.body


def test_a_phone_is_never_hurried(clinic: Clinic, browser: Browser) -> None:
    browser.start()
    assert "http-equiv" not in browser.body

"""The Part 1 slice: answers by API and by page, red flags at once, events out, call-backs for staff."""

from typing import Any

import pytest

from kernel import migrate
from services.intake.model import Base
from tests.conftest import DatabaseFactory
from tests.intake.conftest import FRONT_DESK, NURSE, Browser, Clinic


def test_migrations_match_the_mapped_classes(database: DatabaseFactory) -> None:
    made = database("intake")
    migrate.check("intake", made.owner_url, [Base.metadata])
    migrate.downgrade("intake", made.owner_url)
    migrate.upgrade("intake", made.owner_url)


def test_answers_by_api_are_stored_and_told(clinic: Clinic) -> None:
    answer = clinic.submit({"regions": ["neck"], "nprs_now": 4, "hx_quality": ["pressing", "aching"]})
    assert answer.status_code == 201, answer.text
    assert answer.get_json()["status"] == "submitted"
    assert answer.get_json()["safety"]["kind"] is None
    seen = clinic.get(f"/submissions/{answer.get_json()['id']}")
    assert seen["answers"]["regions"] == ["neck"]
    assert seen["answers"]["age_years"] == 47
    (told,) = clinic.events("intake_submitted")
    assert told["answers"]["hx_quality"] == ["aching", "pressing"]
    assert told["patient"]["given_name"] == "Ben"
    assert clinic.events("questionnaire_published")[0]["questionnaire"].endswith("headache-spine|2")


def test_emergency_by_api_stops_and_opens_a_callback(clinic: Clinic) -> None:
    answer = clinic.submit({"regions": ["low_back"], "saddle_numbness": True})
    assert answer.get_json()["status"] == "stopped"
    assert answer.get_json()["safety"]["kind"] == "emergency"
    (task,) = clinic.get("/callback-tasks")["items"]
    assert task["flags"] == ["RF_CES"]
    assert task["action"] == "E"
    assert clinic.get("/callback-tasks", FRONT_DESK)["items"][0]["flags"] == []
    taken = clinic.call("POST", f"/callback-tasks/{task['id']}/acknowledge", {}, version=task["version"])
    assert taken.status_code == 200, taken.text
    closing = {"outcome_code": "sent_to_emergency", "note": "Went by ambulance."}
    early = clinic.call("POST", f"/callback-tasks/{task['id']}/close", closing, version=task["version"])
    assert early.status_code == 412
    closed = clinic.call(
        "POST", f"/callback-tasks/{task['id']}/close", closing, version=taken.get_json()["version"]
    )
    assert closed.get_json()["state"] == "done"
    assert clinic.get("/callback-tasks")["items"] == []


def walk_to_the_end(browser: Browser, answers: dict[str, dict[str, Any]]) -> list[str]:
    seen = []
    while browser.status == 200 and "/review/" not in browser.at and "/s/" not in browser.at:
        assert browser.page not in seen, browser.page
        seen.append(browser.page)
        browser.send(answers.get(browser.page, {}))
        assert browser.status == 200, (browser.at, browser.body)
    return seen


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_patient_answers_page_by_page_and_sends(clinic: Clinic, browser: Browser, lang: str) -> None:
    browser.start(lang=lang)
    assert browser.status == 200, browser.body
    answers: dict[str, dict[str, Any]] = {
        "emergency_signs": {"thunderclap": "false", "seizure": "not_sure"},
        "where": {"regions": ["head", "neck"]},
        "pain_now": {"nprs_now": "6", "pain_weeks": "3", "pain_weeks.unit": "mo"},
        "headache_length": {"hx_duration_min": "5", "hx_duration_min.unit": "h"},
        "visit": {"preferred_site": "paola", "visit_timing": "next_day"},
    }
    pages = walk_to_the_end(browser, answers)
    assert "headache_feel" in pages
    assert "mood_more" not in pages
    browser.send()
    assert "/s/" in browser.at, browser.body
    (told,) = clinic.events("intake_submitted")
    assert told["language"] == lang
    assert told["preferred_site"] == "paola"
    assert told["answers"]["thunderclap"] is False
    assert "seizure" not in told["answers"]
    assert told["answers"]["hx_duration_min"] == 300
    assert told["answers"]["pain_weeks"] == pytest.approx(12.857, abs=0.01)


def test_an_emergency_answer_ends_the_form_at_once(clinic: Clinic, browser: Browser) -> None:
    browser.start()
    browser.send({"thunderclap": "true"})
    assert "/s/" in browser.at
    assert "911" in browser.body
    (told,) = clinic.events("intake_submitted")
    assert told["stopped"] is True
    assert told["flags"] == ["SN04"]
    (task,) = clinic.get("/callback-tasks", NURSE)["items"]
    assert task["patient"]["name"] == "Ana Ñandú-O'Brien"

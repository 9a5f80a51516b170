"""The staff pages on real HTTP: what they show, what they do, and what they say when an owner is away."""

from datetime import timedelta
from typing import Any

import pytest

from services.dashboard.model import PatientView
from tests.dashboard.conftest import Dashboard

NECK = {
    "age_years": 44,
    "neck_provokes_headache": True,
    "neck_rom_reduced": True,
    "neck_disorder_evidence": True,
    "hx_days_per_month": 8,
    "pain_weeks": 10,
    "bladder_bowel_change": False,
}
CAUDA = {"age_years": 52, "saddle_numbness": True, "pain_weeks": 2}


@pytest.fixture
def case(dashboard: Dashboard) -> dict[str, Any]:
    return dashboard.world.add_referral("Mara", "Ostrander", NECK)


def test_the_queue_shows_each_case_with_route_flags_and_what_is_unanswered(
    dashboard: Dashboard, case: dict[str, Any]
) -> None:
    dashboard.world.add_referral("Teo", "Lindqvist", CAUDA)
    page = dashboard.signed_in("nurse").get("/staff/triage").text
    assert "Ostrander, Mara" in page
    assert "unanswered" in page
    assert page.index("Lindqvist, Teo") < page.index("Ostrander, Mara")


def test_a_case_shows_rules_with_the_answers_behind_them_and_unknown_apart_from_no(
    dashboard: Dashboard,
) -> None:
    row = dashboard.world.add_referral("Teo", "Lindqvist", CAUDA)
    page = dashboard.signed_in("nurse").get(f"/staff/referrals/{row['id']}").text
    assert "Because" in page
    assert "Saddle numbness" in page
    assert "not answered" in page
    assert "Unsigned" in page
    assert "Not answered is not" in page


def test_accepting_moves_the_case_and_opens_the_next(dashboard: Dashboard, case: dict[str, Any]) -> None:
    other = dashboard.world.add_referral("Teo", "Lindqvist", NECK)
    browser = dashboard.signed_in("nurse")
    action = f"/staff/referrals/{case['id']}/accept"
    fields = browser.form_fields(browser.get(f"/staff/referrals/{case['id']}"), action)
    answer = browser.post(action, {**fields, "then": "next"})
    assert answer.status_code == 303
    assert other["id"] in answer.headers["Location"]
    assert case["state"] == "to_book"
    assert dashboard.world.calls[-2]["actor"].role == "nurse"


def test_a_second_press_of_the_same_form_does_nothing_more(
    dashboard: Dashboard, case: dict[str, Any]
) -> None:
    browser = dashboard.signed_in("nurse")
    action = f"/staff/referrals/{case['id']}/accept"
    fields = browser.form_fields(browser.get(f"/staff/referrals/{case['id']}"), action)
    for _ in range(2):
        assert browser.post(action, {**fields, "then": "stay"}).status_code == 303
    assert case["version"] == 2


@pytest.mark.capability("D13")
def test_a_stale_form_is_refused_and_shows_what_changed(dashboard: Dashboard, case: dict[str, Any]) -> None:
    first, second = dashboard.signed_in("nurse"), dashboard.signed_in("provider")
    action = f"/staff/referrals/{case['id']}/accept"
    stale = second.form_fields(second.get(f"/staff/referrals/{case['id']}"), action)
    fields = first.form_fields(first.get(f"/staff/referrals/{case['id']}"), action)
    assert first.post(action, {**fields, "then": "stay"}).status_code == 303
    answer = second.post(action, {**stale, "then": "stay"})
    assert answer.status_code == 412
    assert "<s>Needs triage</s>" in answer.text
    assert "<b>To book</b>" in answer.text
    assert case["version"] == 2


def test_a_redirect_needs_a_route_and_a_coded_reason(dashboard: Dashboard, case: dict[str, Any]) -> None:
    browser = dashboard.signed_in("nurse")
    action = f"/staff/referrals/{case['id']}/redirect"
    fields = browser.form_fields(browser.get(action), action)
    refused = browser.post(action, {**fields, "route": "medication_review", "reason_code": "", "note": "x"})
    assert refused.status_code == 422
    assert "Choose one." in refused.text
    done = browser.post(
        action,
        {**fields, "route": "medication_review", "reason_code": "patient_prefers", "note": "By phone."},
    )
    assert done.status_code == 303
    sent = [call for call in dashboard.world.calls if call["method"] == "POST"][-1]["body"]
    assert sent == {"route": "medication_review", "reason_code": "patient_prefers", "note": "By phone."}


def test_a_slot_is_found_and_booked_and_a_taken_one_says_so(
    dashboard: Dashboard, case: dict[str, Any]
) -> None:
    case["state"] = "to_book"
    browser = dashboard.signed_in("front_desk")
    path = f"/staff/referrals/{case['id']}/slots"
    page = browser.get(path)
    assert "Tomorrow" in page.text
    fields = browser.form_fields(page, f"/staff/referrals/{case['id']}/book")
    assert browser.post(f"/staff/referrals/{case['id']}/book", fields).status_code == 303
    assert case["state"] == "booked"
    again = browser.post(f"/staff/referrals/{case['id']}/book", {**fields, "key": "another-key"})
    assert again.status_code == 409
    assert "just taken" in again.text


def test_the_day_shows_who_confirmed_and_checks_in(dashboard: Dashboard, case: dict[str, Any]) -> None:
    world = dashboard.world
    visit = world.add_appointment(
        case,
        world.now + timedelta(minutes=5),
        state="confirmed",
        confirmed_at=world.now.isoformat(),
        confirmed_by_channel="sms",
    )
    browser = dashboard.signed_in("front_desk")
    page = browser.get(f"/staff/today?date={visit['local_start'][:10]}")
    assert 'aria-label="confirmed"' in page.text
    action = f"/staff/appointments/{visit['id']}/check-in"
    fields = browser.form_fields(page, action)
    assert browser.post(action, fields).status_code == 303
    assert visit["state"] == "arrived"


def test_a_red_flag_call_back_is_taken_and_closed_with_an_outcome(dashboard: Dashboard) -> None:
    task = dashboard.world.add_callback("Olena", "Varga")
    browser = dashboard.signed_in("nurse")
    action = f"/staff/callbacks/{task['id']}/acknowledge"
    fields = browser.form_fields(browser.get("/staff/callbacks"), action)
    assert browser.post(action, fields).status_code == 303
    action = f"/staff/callbacks/{task['id']}/close"
    fields = browser.form_fields(browser.get("/staff/callbacks"), action)
    assert (
        browser.post(action, {**fields, "outcome_code": "sent_to_emergency", "note": ""}).status_code == 303
    )
    assert task["state"] == "done"


@pytest.mark.parametrize("service", ["referral", "notify", "intake"])
def test_a_page_says_which_service_is_late_and_what_still_works(
    dashboard: Dashboard, case: dict[str, Any], service: str
) -> None:
    browser = dashboard.signed_in("nurse")
    dashboard.world.away.add(service)
    path = {
        "referral": "/staff/triage",
        "notify": f"/staff/referrals/{case['id']}",
        "intake": "/staff/callbacks",
    }[service]
    answer = browser.get(path)
    assert answer.status_code == 200
    assert "is not answering" in answer.text
    assert "still work" in answer.text


def test_a_deed_while_the_owner_is_away_can_be_sent_again_under_its_key(
    dashboard: Dashboard, case: dict[str, Any]
) -> None:
    browser = dashboard.signed_in("nurse")
    action = f"/staff/referrals/{case['id']}/accept"
    fields = browser.form_fields(browser.get(f"/staff/referrals/{case['id']}"), action)
    dashboard.world.away.add("referral")
    answer = browser.post(action, {**fields, "then": "stay"})
    assert answer.status_code == 503
    assert fields["key"] in answer.text
    dashboard.world.away.clear()
    assert browser.post(action, {**fields, "then": "stay"}).status_code == 303


@pytest.mark.capability("D17")
def test_a_filter_that_hides_a_pressing_row_says_so(dashboard: Dashboard, case: dict[str, Any]) -> None:
    dashboard.world.add_referral("Teo", "Lindqvist", CAUDA)
    case["due_at"] = (dashboard.world.now - timedelta(hours=2)).isoformat()
    browser = dashboard.signed_in("nurse")
    page = browser.get("/staff/triage?route=surgical_consult").text
    assert "2 pressing rows are hidden by this filter" in page
    assert "hidden by this filter" not in browser.get("/staff/triage").text


@pytest.mark.capability("Z1")
def test_who_viewed_a_patient_is_recorded_and_shown(dashboard: Dashboard, case: dict[str, Any]) -> None:
    path = f"/staff/referrals/{case['id']}"
    dashboard.signed_in("provider").get(path)
    page = dashboard.signed_in("nurse").get(path).text
    assert "Who looked" in page
    assert "Provider Tester" in page
    with dashboard.parts.database.transaction() as session:
        seen = [(str(row.patient_id), str(row.referral_id), row.page) for row in session.query(PatientView)]
    assert seen == [(case["patient_id"], case["id"], "case")] * 2


def test_the_front_desk_sees_no_answers_and_no_triage(dashboard: Dashboard, case: dict[str, Any]) -> None:
    browser = dashboard.signed_in("front_desk")
    assert browser.get("/staff/triage").status_code == 403
    page = browser.get(f"/staff/referrals/{case['id']}").text
    assert "Because" not in page
    assert "Your role sees contact details" in page
    refused = browser.post(f"/staff/referrals/{case['id']}/accept", {"version": "1", "key": "k"})
    assert refused.status_code == 403


def test_every_page_carries_its_roles(dashboard: Dashboard) -> None:
    pages = dashboard.app.pages
    assert pages is not None
    open_pages = {
        "static",
        "library_file",
        "token.token",
        "security.login",
        "security.logout",
        "security.verify",
        "security.static",
    }
    unguarded = {
        name for name, view in pages.view_functions.items() if not hasattr(view, "staff_roles")
    } - open_pages
    assert not unguarded


@pytest.mark.parametrize(
    "path",
    ["/staff/referrals/not-an-id", "/staff/referrals/0190a2b4-0000-7000-8000-000000000000", "/staff/nowhere"],
)
def test_what_is_not_there_is_a_plain_page(dashboard: Dashboard, path: str) -> None:
    answer = dashboard.signed_in("nurse").get(path)
    assert answer.status_code == 404
    assert "Nothing here" in answer.text

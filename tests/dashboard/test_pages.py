"""The staff pages on real HTTP: what they show, what they do, and what they say when an owner is away."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from markupsafe import escape

from services.dashboard.model import PatientView, Staff
from services.dashboard.queries.case import flag_name
from services.dashboard.queries.reference import forget_reference
from tests.dashboard.conftest import Dashboard
from tests.dashboard.fake_world import PROVIDERS, SITES

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
def case(clinic: Dashboard) -> dict[str, Any]:
    return clinic.world.add_referral("Mara", "Ostrander", NECK)


def test_the_queue_shows_each_case_with_route_flags_and_what_is_unanswered(
    clinic: Dashboard, case: dict[str, Any]
) -> None:
    clinic.world.add_referral("Teo", "Lindqvist", CAUDA)
    page = clinic.signed_in("nurse").get("/staff/triage").text
    assert "Ostrander, Mara" in page
    assert "open</span>" in page
    row = page[page.index("Ostrander, Mara") :].partition("</tr>")[0]
    assert "none met" in row
    assert re.findall(r"(\d+) not known", row) == ["2"], "some could not be judged: never a plain none"
    assert page.index("Lindqvist, Teo") < page.index("Ostrander, Mara")


def test_a_case_shows_rules_with_the_answers_behind_them_and_unknown_apart_from_no(
    clinic: Dashboard,
) -> None:
    row = clinic.world.add_referral("Teo", "Lindqvist", CAUDA)
    page = clinic.signed_in("nurse").get(f"/staff/referrals/{row['id']}").text
    assert "Because" in page
    assert "Saddle numbness" in page
    assert "not answered" in page
    assert "Unsigned" in page
    assert "Not answered is not" in page


def test_many_answers_of_no_fold_behind_their_number_and_nothing_else_does(clinic: Dashboard) -> None:
    row = clinic.world.add_referral("Teo", "Lindqvist", CAUDA)
    medicine = {"variable": "medicines", "value": [{"class": "triptan", "days_per_month": 4}]}
    few = [{"variable": f"calm_{number}", "value": False} for number in range(30)]
    row["answers"] = [medicine, {"variable": "left_open", "value": None}, *few]
    browser = clinic.signed_in("nurse")
    assert "answered “no”" not in browser.get(f"/staff/referrals/{row['id']}").text
    row["answers"] = [*few, {"variable": "calm_30", "value": False}, *row["answers"][:2]]
    page = browser.get(f"/staff/referrals/{row['id']}").text
    shown, folded = page[page.index('id="answers-title"') :].split("31 answered “no”")
    assert "triptan, days per month 4" in shown
    assert "not answered" in shown, "unknown is never among the answers of no"
    assert "<dd>no</dd>" not in shown
    assert folded.count("<dd>no</dd>") == 31


def test_what_is_unanswered_is_told_apart_from_what_could_still_change_the_route(
    clinic: Dashboard, case: dict[str, Any]
) -> None:
    browser = clinic.signed_in("nurse")
    case["decision"]["questions"] = [{"variable": "thunderclap", "for": ["SN04"], "alone": True}]
    page = browser.get(f"/staff/referrals/{case['id']}").text
    assert "1 answer could still change the route" in page
    assert "more unanswered" in page
    case["decision"]["questions"] = []
    page = browser.get(f"/staff/referrals/{case['id']}").text
    assert "No single one of them could change the route" in page
    assert "more unanswered" in page


@pytest.mark.capability("T12")
def test_accepting_moves_the_case_and_opens_the_next(clinic: Dashboard, case: dict[str, Any]) -> None:
    clinic.world.add_referral("Uma", "Colleague", NECK, owner={"id": "nurse-2", "name": "Nia"})
    other = clinic.world.add_referral("Teo", "Lindqvist", NECK)
    browser = clinic.signed_in("nurse")
    action = f"/staff/referrals/{case['id']}/accept"
    fields = browser.form_fields(browser.get(f"/staff/referrals/{case['id']}"), action)
    answer = browser.post(action, {**fields, "then": "next"})
    assert answer.status_code == 303
    assert other["id"] in answer.headers["Location"]
    assert case["state"] == "to_book"
    assert clinic.world.calls[-1]["actor"].role == "nurse"


def test_a_second_press_of_the_same_form_does_nothing_more(clinic: Dashboard, case: dict[str, Any]) -> None:
    browser = clinic.signed_in("nurse")
    action = f"/staff/referrals/{case['id']}/accept"
    fields = browser.form_fields(browser.get(f"/staff/referrals/{case['id']}"), action)
    for _ in range(2):
        assert browser.post(action, {**fields, "then": "stay"}).status_code == 303
    assert case["version"] == 2


@pytest.mark.capability("D13")
def test_a_stale_form_is_refused_and_shows_what_changed(clinic: Dashboard, case: dict[str, Any]) -> None:
    first, second = clinic.signed_in("nurse"), clinic.signed_in("provider")
    action = f"/staff/referrals/{case['id']}/accept"
    stale = second.form_fields(second.get(f"/staff/referrals/{case['id']}"), action)
    fields = first.form_fields(first.get(f"/staff/referrals/{case['id']}"), action)
    assert first.post(action, {**fields, "then": "stay"}).status_code == 303
    answer = second.post(action, {**stale, "then": "stay", "settled": ["RF_CES", "SN04"]})
    assert answer.status_code == 412
    assert f"<b>{escape(flag_name('RF_CES'))}; {escape(flag_name('SN04'))}</b>" in answer.text, (
        "what was ticked"
    )
    assert "<s>Needs triage</s>" in answer.text
    assert "<b>To book</b>" in answer.text
    assert case["version"] == 2


def test_a_slot_is_found_and_booked_and_a_taken_one_says_so(clinic: Dashboard, case: dict[str, Any]) -> None:
    case["state"] = "to_book"
    browser = clinic.signed_in("front_desk")
    path = f"/staff/referrals/{case['id']}/slots"
    page = browser.get(path)
    assert "Tomorrow" in page.text
    chosen = re.findall(r'<a class="slot" href="([^"]+)" data-key="1"', page.text)
    confirm = browser.get(unescape(chosen[0]))
    assert case["state"] == "to_book", "a key chooses; Enter books"
    fields = browser.form_fields(confirm, f"/staff/referrals/{case['id']}/book")
    assert browser.post(f"/staff/referrals/{case['id']}/book", fields).status_code == 303
    assert case["state"] == "booked"
    again = browser.post(f"/staff/referrals/{case['id']}/book", {**fields, "key": "another-key"})
    assert again.status_code == 409
    assert "just taken" in again.text


def test_the_day_shows_who_confirmed_and_checks_in(clinic: Dashboard, case: dict[str, Any]) -> None:
    world = clinic.world
    visit = world.add_appointment(
        case,
        world.now + timedelta(minutes=5),
        state="confirmed",
        confirmed_at=world.now.isoformat(),
        confirmed_by_channel="sms",
    )
    browser = clinic.signed_in("front_desk")
    page = browser.get(f"/staff/today?date={visit['local_start'][:10]}")
    assert 'aria-label="confirmed"' in page.text
    action = f"/staff/appointments/{visit['id']}/check-in"
    fields = browser.form_fields(page, action)
    assert browser.post(action, fields).status_code == 303
    assert visit["state"] == "arrived"


def test_a_red_flag_call_back_is_taken_and_closed_with_an_outcome(clinic: Dashboard) -> None:
    task = clinic.world.add_callback("Olena", "Varga")
    browser = clinic.signed_in("nurse")
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
    clinic: Dashboard, case: dict[str, Any], service: str
) -> None:
    browser = clinic.signed_in("nurse")
    clinic.world.away.add(service)
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
    clinic: Dashboard, case: dict[str, Any]
) -> None:
    browser = clinic.signed_in("nurse")
    action = f"/staff/referrals/{case['id']}/accept"
    fields = browser.form_fields(browser.get(f"/staff/referrals/{case['id']}"), action)
    clinic.world.away.add("referral")
    answer = browser.post(action, {**fields, "then": "stay", "settled": ["S1", "S2"]})
    assert answer.status_code == 503
    assert fields["key"] in answer.text
    assert re.findall(r'name="settled" value="([^"]*)"', answer.text) == ["S1", "S2"], "each tick goes again"
    clinic.world.away.clear()
    assert browser.post(action, {**fields, "then": "stay"}).status_code == 303


@pytest.mark.capability("D17")
def test_a_filter_that_hides_a_pressing_row_says_so(clinic: Dashboard, case: dict[str, Any]) -> None:
    clinic.world.add_referral("Teo", "Lindqvist", CAUDA)
    case["due_at"] = (clinic.world.now - timedelta(hours=2)).isoformat()
    browser = clinic.signed_in("nurse")
    page = browser.get("/staff/triage?route=surgical_consult").text
    assert "2 pressing rows are hidden by this filter" in page
    assert "hidden by this filter" not in browser.get("/staff/triage").text


@pytest.mark.capability("Z1")
def test_who_viewed_a_patient_is_recorded_and_shown(clinic: Dashboard, case: dict[str, Any]) -> None:
    path = f"/staff/referrals/{case['id']}"
    clinic.signed_in("provider").get(path)
    page = clinic.signed_in("nurse").get(path).text
    assert "Who looked" in page
    assert "Provider Tester" in page
    with clinic.parts.database.transaction() as session:
        rows = session.query(PatientView).filter_by(patient_id=case["patient_id"])
        seen = [(str(row.patient_id), str(row.referral_id), row.page) for row in rows]
    assert seen == [(case["patient_id"], case["id"], "case")] * 2


def test_the_front_desk_sees_no_answers_and_no_triage(clinic: Dashboard, case: dict[str, Any]) -> None:
    browser = clinic.signed_in("front_desk")
    assert browser.get("/staff/triage").status_code == 403
    page = browser.get(f"/staff/referrals/{case['id']}").text
    assert "Because" not in page
    assert "Your role sees contact details" in page
    refused = browser.post(f"/staff/referrals/{case['id']}/accept", {"version": "1", "key": "k"})
    assert refused.status_code == 403


def test_every_page_carries_its_roles(clinic: Dashboard) -> None:
    pages = clinic.app.pages
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
def test_what_is_not_there_is_a_plain_page(clinic: Dashboard, path: str) -> None:
    answer = clinic.signed_in("nurse").get(path)
    assert answer.status_code == 404
    assert "Nothing here" in answer.text


@pytest.mark.capability("L13")
def test_worklists_count_every_state_and_the_sum_is_all_that_is_open(
    clinic: Dashboard, case: dict[str, Any]
) -> None:
    for state in ("to_book", "to_book", "deferred", "booked"):
        clinic.world.add_referral("Teo", "Lindqvist", NECK, state=state)
    page = clinic.signed_in("manager").get("/staff/worklists?all=1").text
    assert "<b>5</b> open = 1 needs triage + 1 deferred + 2 to book + 1 booked" in re.sub(r"\s+", " ", page)
    lane = clinic.signed_in("manager").get("/staff/worklists?state=to_book").text
    assert lane.count("data-row") == 2


@pytest.mark.capability("D6")
def test_filters_live_in_the_address_and_are_remembered_for_their_person(
    clinic: Dashboard, case: dict[str, Any]
) -> None:
    nurse, manager = clinic.signed_in("nurse"), clinic.signed_in("manager")
    nurse.get("/staff/worklists?all=1")
    manager.get("/staff/worklists?all=1")
    assert nurse.get("/staff/worklists?state=to_book&site=liberty").status_code == 200
    assert nurse.get("/staff/worklists").headers["Location"] == "/staff/worklists?state=to_book&site=liberty"
    assert manager.get("/staff/worklists").status_code == 200
    link = manager.get("/staff/worklists?state=needs_triage&site=lees-summit").text
    assert "Ostrander, Mara" in link


def test_a_patient_is_found_by_a_posted_search_and_never_by_an_address(
    clinic: Dashboard, case: dict[str, Any]
) -> None:
    clinic.world.extra["intake", "GET", "patients"] = {
        "items": [{"id": case["patient_id"], **case["patient"]}]
    }
    browser = clinic.signed_in("front_desk")
    browser.get("/staff/patients")
    page = browser.post("/staff/patients", {"q": "ostr"})
    assert "Ostrander, Mara" in page.text
    assert browser.post("/staff/patients", {"q": "o"}).status_code == 422
    assert "Ostrander" not in browser.get("/staff/patients?q=ostr").text


def test_a_patients_page_gathers_referrals_messages_and_what_stands_in_the_way(
    clinic: Dashboard, case: dict[str, Any]
) -> None:
    patient = case["patient_id"]
    clinic.world.extra["intake", "GET", f"patients/{patient}"] = {"id": patient, **case["patient"]}
    clinic.world.extra["notify", "GET", "contacts"] = {
        "items": [{"channel": "sms", "known": True, "opted_out": True, "dead": False}]
    }
    page = clinic.signed_in("nurse").get(f"/staff/patients/{patient}").text
    assert "opted out" in page
    assert f"/staff/referrals/{case['id']}" in page


def test_a_reply_is_read_and_closed_with_what_came_of_it(clinic: Dashboard) -> None:
    reply = clinic.world.add_reply("Could I come at four instead?")
    browser = clinic.signed_in("front_desk")
    page = browser.get("/staff/inbox")
    assert "Could I come at four instead?" in page.text
    action = f"/staff/inbox/{reply['id']}/close"
    fields = browser.form_fields(page, action)
    assert browser.post(action, {**fields, "outcome": ""}).status_code == 422
    assert browser.post(action, {**fields, "outcome": "visit_moved", "version": "x"}).status_code == 400
    assert browser.post(action, {**fields, "outcome": "visit_moved"}).status_code == 303
    assert reply["state"] == "closed"


@pytest.mark.parametrize(
    ("health", "said"),
    [
        ({"due_now": 0, "oldest_due_seconds": None}, "Everything due has gone out."),
        ({"due_now": 40, "oldest_due_seconds": 1500.0}, "Messages are 25 minutes late."),
        (
            {"due_now": 0, "forged_alarm": True, "refused_reports": 31},
            "31 delivery reports with a wrong signature",
        ),
        ({"due_now": 0, "unknown": 2}, "For 2 it is not known whether they were sent."),
    ],
)
def test_message_health_gives_one_verdict_in_words(
    clinic: Dashboard, health: dict[str, Any], said: str
) -> None:
    clinic.world.extra["notify", "GET", "health-summary"] = health
    assert said in clinic.signed_in("manager").get("/staff/messages").text


def test_only_an_administrator_manages_accounts_and_never_the_last_one_away(clinic: Dashboard) -> None:
    admin = clinic.signed_in("admin")
    assert clinic.signed_in("manager").get("/staff/accounts").status_code == 403
    assert admin.get("/staff/triage").status_code == 403
    admin.get("/staff/accounts")
    weak = {"name": "Ada Quill", "email": "ada@example.test", "role": "nurse", "password": "too short"}
    refused = admin.post("/staff/accounts", weak)
    assert refused.status_code == 422
    assert "15 characters" in refused.text
    held = {"role": "therapist", "provider_id": PROVIDERS[1]["id"], "sites": [SITES[0]["id"], SITES[1]["id"]]}
    again = admin.post("/staff/accounts", weak | held).text
    again = again[again.index("New account") :]
    assert f'value="{held["provider_id"]}" selected' in again
    assert re.findall(r'value="([^"]*)" checked', again) == held["sites"]
    good = {**weak, "password": "violet harbor tundra 3"} | held
    assert admin.post("/staff/accounts", good).status_code == 303
    # Before the clinic's own names have been read, the form of a role still holds the calendar and the sites.
    clinic.world.away.add("referral")
    forget_reference()
    page = admin.get("/staff/accounts").text
    row = re.findall(r"<tr>.*?</tr>", page[page.index("Ada Quill") - 20 :], re.S)[0]
    assert f'value="{held["provider_id"]}" selected' in row
    assert re.findall(r'value="([^"]*)" checked', row) == held["sites"]
    with clinic.parts.database.transaction() as session:
        me = session.query(Staff).filter_by(role="admin").one()
    answer = admin.post(f"/staff/accounts/{me.id}/disable", {})
    assert answer.status_code == 422
    assert "last administrator" in answer.text

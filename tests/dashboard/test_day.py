"""The day board: tabs, counts, one next action, undo, and a wall that names nobody."""

import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest

from services.dashboard.rules.times import local
from services.dashboard.rules.visit_deeds import offered_deeds
from tests.dashboard.conftest import Browser, Dashboard

NECK = {"age_years": 44, "neck_provokes_headache": True, "pain_weeks": 10}


@pytest.fixture
def visits(clinic: Dashboard) -> list[dict[str, Any]]:
    """Six visits of one day: three expected at two sites, one here, one done, one cancelled."""
    world = clinic.world
    noon = local(world.now).replace(hour=12, minute=0, second=0, microsecond=0)
    states = ("booked", "confirmed", "booked", "arrived", "attended", "cancelled")
    made = []
    for number, state in enumerate(states):
        row = world.add_referral(f"Given{number}", f"Family{number}", NECK)
        site = "liberty" if number == 2 else "lees-summit"
        made.append(world.add_appointment(row, noon + timedelta(minutes=30 * number), state=state, site=site))
    return made


def day_of(visit: dict[str, Any]) -> str:
    return str(visit["local_start"])[:10]


def counts(page: str) -> dict[str, int]:
    found = re.findall(r'data-tab="\d">([^<]+?) <b class="count">(\d+)</b>', page)
    return {name.strip(): int(number) for name, number in found}


@pytest.mark.capability("D1")
def test_each_tab_counts_its_visits_for_one_site_or_all(
    clinic: Dashboard, visits: list[dict[str, Any]]
) -> None:
    browser, day = clinic.signed_in("front_desk"), day_of(visits[0])
    assert counts(browser.get(f"/staff/today?date={day}").text) == {
        "Expected": 3,
        "Here": 1,
        "Done": 1,
        "Not coming": 1,
    }
    at_liberty = browser.get(f"/staff/today?date={day}&site=liberty").text
    assert counts(at_liberty)["Expected"] == 1
    assert "Family2, Given2" in at_liberty
    assert "Family0" not in at_liberty


@pytest.mark.capability("D3")
@pytest.mark.parametrize("tab", ["expected", "here", "done", "not_coming"])
def test_a_row_has_exactly_one_next_action_or_none_when_it_is_over(
    clinic: Dashboard, visits: list[dict[str, Any]], tab: str
) -> None:
    page = clinic.signed_in("front_desk").get(f"/staff/today?date={day_of(visits[0])}&tab={tab}").text
    rows = re.findall(r"<tr data-row=.*?</tr>", page, re.S)
    assert rows
    for row in rows:
        assert len(re.findall(r'class="(?:small-button|button small) primary"', row)) == (
            tab in ("expected", "here")
        )


@pytest.mark.capability("D4")
def test_a_check_in_is_undone_by_its_owner_as_an_undo(
    clinic: Dashboard, visits: list[dict[str, Any]]
) -> None:
    browser, visit = clinic.signed_in("front_desk"), visits[0]
    page = browser.get(f"/staff/today?date={day_of(visit)}")
    action = f"/staff/appointments/{visit['id']}/check-in"
    done = browser.post(action, browser.form_fields(page, action))
    assert visit["state"] == "arrived"
    after = browser.get(done.headers["Location"])
    assert "Undo" in after.text
    undo = f"/staff/appointments/{visit['id']}/undo-check-in"
    assert browser.post(undo, browser.form_fields(after, undo)).status_code == 303
    assert visit["state"] == "booked"
    assert clinic.world.calls[-1]["path"].endswith("/undo-check-in")


def test_an_outcome_is_written_down_with_a_note(clinic: Dashboard, visits: list[dict[str, Any]]) -> None:
    here = next(visit for visit in visits if visit["state"] == "arrived")
    browser = clinic.signed_in("front_desk")
    page = browser.get(f"/staff/today?date={day_of(here)}&tab=here")
    assert "Outcome note" in page.text
    action = f"/staff/appointments/{here['id']}/attended"
    fields = browser.form_fields(page, action)
    # A row that changed meanwhile: the note is not stored, and not lost either.
    stale = browser.post(action, {**fields, "version": "0", "note": "Came <late>, with pictures."})
    assert stale.status_code == 412
    assert ">Came &lt;late&gt;, with pictures.</textarea>" in stale.text
    browser.post(action, {**fields, "note": "  Brought the old pictures. "})
    sent = [call["body"] for call in clinic.world.calls if call["path"].endswith("/outcome")]
    assert sent[1:] == [{"outcome": "attended", "note": "Brought the old pictures."}]


@pytest.mark.capability("D5")
def test_what_needs_a_person_is_counted_and_each_count_opens_exactly_its_rows(
    clinic: Dashboard, visits: list[dict[str, Any]]
) -> None:
    visits[1]["asks"] = "reschedule"
    tomorrow = (local(clinic.world.now) + timedelta(days=1)).replace(hour=10)
    row = clinic.world.add_referral("Late", "Reply", NECK)
    clinic.world.add_appointment(row, tomorrow, local_start=tomorrow.isoformat())
    browser = clinic.signed_in("front_desk")
    page = browser.get("/staff/today").text
    assert re.search(r"<b>1</b> visit waits for staff", page)
    assert re.search(r"<b>1</b> not confirmed for tomorrow", page)
    assert rows_of(browser, "/staff/today?tab=asks") == [visits[1]["id"]]
    assert len(rows_of(browser, "/staff/today?tab=unconfirmed")) == 1


def rows_of(browser: Browser, path: str) -> list[str]:
    return re.findall(r'data-row="([^"]+)"', browser.get(path).text)


def test_a_visit_is_moved_to_a_slot_chosen_by_number(clinic: Dashboard, visits: list[dict[str, Any]]) -> None:
    browser, visit = clinic.signed_in("front_desk"), visits[0]
    action = f"/staff/appointments/{visit['id']}/move"
    page = browser.get(action)
    (chosen,) = re.findall(r'<a class="slot" href="([^"]+)" data-key="1"', page.text)
    confirm = browser.get(unescape(chosen))
    asked = [call for call in clinic.world.calls if call["path"].endswith("/appointments/check")][-1]
    assert asked["body"]["appointment_id"] == visit["id"], "its own time is not in its way"
    fields = browser.form_fields(confirm, action)
    assert browser.post(action, fields).status_code == 303
    assert visit["starts_at"] == fields["starts_at"]


@pytest.mark.capability("D9")
def test_the_wall_names_nobody(clinic: Dashboard, visits: list[dict[str, Any]]) -> None:
    today = local(clinic.world.now).date().isoformat()
    for visit in visits:
        visit["local_start"] = today + str(visit["local_start"])[10:]
    page = clinic.signed_in("front_desk").get("/staff/wall").text
    assert page.count("<tr") == 5
    assert "Please come in" in page
    for number in range(6):
        assert f"Family{number}" not in page
        assert f"Given{number}" not in page
    for secret in ("555", "1981", "English", "Physical"):
        assert secret not in page


@pytest.mark.capability("D15")
def test_the_handoff_tells_what_changed_what_is_mine_and_what_breaches(clinic: Dashboard) -> None:
    world, browser = clinic.world, clinic.signed_in("nurse")
    browser.get("/staff/handoff")
    nurse = next(call["actor"] for call in reversed(world.calls))
    later = (datetime.now(world.now.tzinfo) + timedelta(seconds=5)).isoformat()
    far = (world.now + timedelta(days=9)).isoformat()
    world.add_referral(
        "Mine", "Owned", NECK, owner={"id": nurse.id, "name": nurse.name}, due_at=far, clock="run"
    )
    world.add_referral("New", "Changed", NECK, state_since=later, due_at=far, clock="run")
    world.add_referral(
        "Due", "Breaching", NECK, due_at=(world.now - timedelta(minutes=1)).isoformat(), clock="run"
    )
    sections = re.findall(r'<section class="card">(.*?)</section>', browser.get("/staff/handoff").text, re.S)
    named = [re.findall(r"<b>(\w+, \w+)</b>", section) for section in sections]
    assert named == [["Breaching, Due"], ["Owned, Mine"], ["Changed, New"]]


@pytest.mark.capability("D14")
def test_one_timeline_holds_decisions_moves_messages_views_and_strikes_out_what_is_void(
    clinic: Dashboard,
) -> None:
    row = clinic.world.add_referral("Mara", "Ostrander", NECK)
    at = clinic.world.now.isoformat()
    nurse = {"kind": "staff", "id": "1", "name": "Nora Quist", "role": "nurse"}
    row["timeline"] = [
        {
            "at": at,
            "kind": "decision",
            "actor": {},
            "text_code": "decision_made",
            "voided": True,
            "details": {"route": "physical_therapy", "priority": "P5", "protocol": "1", "cause": "intake"},
        },
        {
            "at": at,
            "kind": "move",
            "actor": nurse,
            "text_code": "move_redirect",
            "voided": False,
            "details": {
                "to": "to_book",
                "route": "medication_review",
                "reason_code": "patient_prefers",
                "note": "By phone.",
            },
        },
        {
            "at": at,
            "kind": "appointment",
            "actor": nurse,
            "text_code": "appointment_booked",
            "voided": False,
            "details": {},
        },
        {
            "at": at,
            "kind": "message",
            "actor": {},
            "text_code": "message_suppressed",
            "voided": True,
            "details": {"step": "1_day", "channel": "sms", "state": "suppressed", "reason": "opted_out"},
        },
    ]
    page = clinic.signed_in("nurse").get(f"/staff/referrals/{row['id']}").text
    line = page[page.index('id="timeline-title"') :]
    assert "<s><b>Protocol proposed</b>" in line
    assert "Redirected" in line
    assert "patient prefers" in line
    assert "By phone." in line
    assert "Visit booked" in line
    assert "<s><b>1-day reminder by text: not sent</b>" in line
    assert "the patient asked us to stop" in line
    assert "Who looked" in line
    assert "Answers" in page


@pytest.mark.capability("S17")
@pytest.mark.parametrize(
    ("state", "minutes", "offers"),
    [
        ("booked", 30, set()),
        ("booked", -1, {"attended", "no-show"}),
        ("arrived", 30, set()),
        ("arrived", -1, {"no-show"}),
    ],
)
def test_nobody_is_marked_as_missing_before_their_time(state: str, minutes: int, offers: set[str]) -> None:
    """What the owner would refuse is not offered; `attended` of who is here is the row's own next action."""
    now = datetime.fromisoformat("2030-03-04T15:00:00+00:00")
    row = {"state": state, "starts_at": (now + timedelta(minutes=minutes)).isoformat()}
    assert {"attended", "no-show"} & set(offered_deeds(row, "front_desk", now)) == offers


@pytest.mark.capability("S17")
def test_a_past_visit_is_answered_with_one_press_and_a_missed_one_is_booked_again(clinic: Dashboard) -> None:
    row = clinic.world.add_referral("Mara", "Ostrander", NECK, state="booked")
    visit = clinic.world.add_appointment(row, clinic.world.now - timedelta(minutes=5), asks="outcome")
    path = f"appointments/{visit['id']}/outcome"
    clinic.world.extra["referral", "POST", path] = visit
    desk = clinic.signed_in("front_desk")
    here = f"/staff/today?date={day_of(visit)}&tab=asks"
    page = desk.get(here)
    action = f"/staff/appointments/{visit['id']}/no-show"
    assert re.search(
        rf'action="{action}".*?<button class="small-button" data-row-key="m">Missed', page.text, re.S
    )
    done = desk.post(action, desk.form_fields(page, action))
    after = desk.get(done.location).text
    assert f'href="/staff/referrals/{row["id"]}/slots" data-key="b"' in after
    assert "marked as missed" in after
    other = desk.get(f"/staff/today?date=2030-01-01&tab=asks&done=no-show&visit={visit['id']}").text
    assert "That visit of another day: marked as missed." in other

"""The staff pages in a real browser: keys, palette, refresh, print, access checks on every page."""

import os
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from werkzeug.serving import make_server

from kernel.ids import new_id
from services.dashboard.rules.times import local
from tests.check_access import check_access
from tests.dashboard.conftest import PASSWORD, Dashboard
from tests.dashboard.filled_in import filled_in
from tests.dashboard.test_lists import PERSON
from tests.dashboard.test_on_call import contact
from tests.servers import LOOK_UP_SECONDS

pytestmark = pytest.mark.xdist_group("dashboard_browser")
SHOTS = os.environ.get("STAFF_SHOTS", "")
FIRST_PAGE = {"nurse": "/staff/triage", "front_desk": "/staff/today", "manager": "/staff/worklists"}
NECK = {"age_years": 44, "neck_provokes_headache": True, "pain_weeks": 10}
CAUDA = {"age_years": 52, "saddle_numbness": True, "pain_weeks": 2}


@pytest.fixture(scope="module")
def address(shared_dashboard: Dashboard) -> Iterator[str]:
    """The dashboard on a port of its own."""
    server = make_server("127.0.0.1", 0, shared_dashboard.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(LOOK_UP_SECONDS,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)


@pytest.fixture(scope="module")
def cookies(shared_dashboard: Dashboard, chromium: Browser, address: str) -> dict[str, Any]:
    """Signed-in cookies by role, made once."""
    kept = {}
    for role, first_page in FIRST_PAGE.items():
        email = shared_dashboard.add_staff(role, email=f"{role.replace('_', '.')}.browser@example.test")
        context = chromium.new_context()
        page = context.new_page()
        page.goto(f"{address}/staff/login")
        page.fill("[name=email]", email)
        page.fill("[name=password]", PASSWORD)
        page.click("text=Sign in >> nth=-1")
        page.wait_for_url(f"**{first_page}")
        kept[role] = context.cookies()
        context.close()
    return kept


@pytest.fixture
def page(clinic: Dashboard, chromium: Browser, address: str, cookies: dict[str, Any]) -> Iterator[Page]:
    """A nurse's page with four cases; it fails the test when it asks another host or logs an error."""
    for name, answers in (("Aldous", CAUDA), ("Berit", NECK), ("Casimir", NECK), ("Dorte", NECK)):
        clinic.world.add_referral(name, "Vik", answers)
    context = chromium.new_context(base_url=address, viewport={"width": 1366, "height": 768})
    context.add_cookies(cookies["nurse"])
    opened = context.new_page()
    elsewhere: list[str] = []
    opened.on("request", lambda r: elsewhere.append(r.url) if not r.url.startswith(address) else None)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert not elsewhere
    assert not errors


@pytest.mark.capability("D7")
def test_lists_actions_and_pages_are_worked_by_keyboard_alone(page: Page) -> None:
    page.goto("/staff/triage")
    for _ in range(3):
        page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("tr.at")).to_contain_text("Berit")
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/referrals/*")
    expect(page.locator("h1")).to_contain_text("Vik, Berit")
    page.keyboard.press("r")
    page.wait_for_url("**/redirect")
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(r"/staff/referrals/[0-9a-f-]+$"))
    page.keyboard.press("a")
    page.wait_for_url("**/staff/referrals/*?done=accept")
    expect(page.locator("h1")).not_to_contain_text("Berit")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/staff/today")


@pytest.mark.capability("D7")
def test_the_overview_lists_the_very_keys_that_act_and_returns_focus(page: Page) -> None:
    page.goto("/staff/triage")
    page.keyboard.press("?")
    listed = page.locator("#keys dt kbd").all_text_contents()
    bound = page.eval_on_selector_all("[data-go]", "all => all.map(one => 'g ' + one.dataset.go)")
    bound += page.eval_on_selector_all("[data-key]", "all => all.map(one => one.dataset.key)")
    assert set(bound) <= set(listed)
    assert {"?", "j", "k", "Enter", "Ctrl K"} <= set(listed)
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).not_to_be_visible()


@pytest.mark.capability("D7")
def test_no_single_key_acts_while_a_field_has_focus_and_all_can_be_turned_off(page: Page) -> None:
    page.goto("/staff/patients")
    page.keyboard.type("gt jk")
    expect(page.locator("main [name=q]")).to_have_value("gt jk")
    assert page.url.endswith("/staff/patients")
    page.goto("/staff/triage")
    page.keyboard.press("?")
    page.uncheck("[data-keys-on]")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("tr.at")).to_have_count(0)
    page.keyboard.press("?")
    page.check("[data-keys-on]")


@pytest.mark.capability("D7")
def test_the_palette_finds_pages_and_patients(page: Page, clinic: Dashboard) -> None:
    row = next(iter(clinic.world.referrals.values()))
    clinic.world.extra["intake", "GET", "patients"] = {"items": [{"id": row["patient_id"], **row["patient"]}]}
    page.goto("/staff/triage")
    page.keyboard.press("Control+k")
    page.keyboard.type("vik")
    expect(page.locator(".palette-patients")).to_contain_text("Vik, Aldous")
    page.fill("#palette [name=q]", "worklists")
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/worklists")


@pytest.mark.capability("D8")
def test_a_refresh_waits_while_typing_keeps_the_row_and_drops_a_late_answer(
    page: Page, clinic: Dashboard
) -> None:
    today = local(clinic.world.now)
    first = clinic.world.add_referral("Early", "Bird", NECK)
    clinic.world.add_appointment(first, today.replace(hour=8), local_start=today.isoformat())
    page.clock.install()
    page.goto("/staff/today")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if r.headers.get("x-waymark-refresh") else None)

    page.keyboard.press("?")
    page.clock.fast_forward(31_000)
    assert not asked, "it asks although a dialog is open"
    page.keyboard.press("Escape")

    second = clinic.world.add_referral("Late", "Comer", NECK)
    clinic.world.add_appointment(second, today.replace(hour=9), local_start=today.isoformat())
    page.keyboard.press("j")
    page.clock.fast_forward(31_000)
    expect(page.locator("#live-note")).to_contain_text("changed, show")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    page.click("#live-note")
    expect(page.locator("tr[data-row]")).to_have_count(2)

    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/staff/today", hold)
    page.evaluate(
        "document.activeElement.blur(); document.querySelectorAll('.at').forEach(r => r.classList.remove('at'))"
    )
    page.clock.fast_forward(31_000)
    page.wait_for_function("true")
    clinic.world.appointments.clear()
    page.keyboard.press("?")
    for route in held:
        route.continue_()
    page.wait_for_timeout(300)
    expect(page.locator("tr[data-row]")).to_have_count(2)


@pytest.mark.capability("D16")
def test_the_day_prints_as_a_list_without_the_frame(page: Page, clinic: Dashboard) -> None:
    today = local(clinic.world.now)
    row = next(iter(clinic.world.referrals.values()))
    clinic.world.add_appointment(row, today.replace(hour=8), local_start=today.isoformat())
    page.goto("/staff/today")
    page.emulate_media(media="print")
    for hidden in (".rail", ".top", ".do", ".tabs"):
        expect(page.locator(hidden).first).not_to_be_visible()
    expect(page.locator("tr[data-row]")).to_contain_text("Vik, Aldous")
    expect(page.locator("tr[data-row]")).to_contain_text("(816) 555-0142")
    assert page.pdf().startswith(b"%PDF")


def test_every_page_passes_the_access_checks_and_fits_the_desk(page: Page, clinic: Dashboard) -> None:
    world = clinic.world
    row = next(iter(world.referrals.values()))
    callback = world.add_callback("Olena", "Varga")
    world.add_reply("Could I come at four?")
    visit = world.add_appointment(row, world.now + timedelta(hours=1), site="lees-summit")
    world.messages.append(
        {
            "id": "1",
            "patient_id": row["patient_id"],
            "step": "1_day",
            "channel": "sms",
            "state": "suppressed",
            "reason": "opted_out",
            "due_at": world.now.isoformat(),
            "text": "Your visit",
        }
    )
    world.extra["notify", "GET", "health-summary"] = {
        "due_now": 1,
        "oldest_due_seconds": 3,
        "last_day": {"sent": 4},
    }
    case = f"/staff/referrals/{row['id']}"
    sent = filled_in(clinic)
    own = f"/staff/referrals/{sent['id']}"
    record = f"/staff/patients/{sent['patient_id']}"
    world.extra["intake", "GET", f"patients/{sent['patient_id']}"] = {
        **PERSON,
        "language": "es",
        "id": sent["patient_id"],
        "version": 1,
        "identifiers": [{"id": str(new_id()), "system": "urn:waymark:mrn", "value": "MR-417"}],
    }
    told = {
        "name": "Ada Lind",
        "role": "nurse",
        "at": world.now.isoformat(),
        "this_time": True,
        "arrived": False,
    }
    waits = {"waits": True, "anybody_left": False, "next_at": None}
    world.extra["notify", "GET", "staff-alerts"] = {
        "items": [
            {**waits, "about_id": task["id"], "told": people}
            for task, people in ((callback, [told]), (world.add_callback("Nora", "Moss"), []))
        ]
    }
    entry = {
        "id": str(new_id()),
        "version": 1,
        "referral_id": row["id"],
        "patient": row["patient"],
        "visit_type": "pt_evaluation",
        "priority": "P4",
        "state": "booked",
        "sites": ["liberty"],
        "weekdays": [0],
        "from_minute": 480,
        "until_minute": 720,
        "notice_minutes": 90,
        "entered_at": world.now.isoformat(),
        "expires_at": (world.now + timedelta(days=60)).isoformat(),
        "ended": "",
        "offers": [],
    }
    world.extra["referral", "GET", "waitlist"] = {"items": [entry]}
    row["appointments"] = [visit]
    follows = {"state": "needs_triage", "route": "surgical_consult", "created_at": world.now.isoformat()}
    row["other_referrals"] = [{"id": str(new_id()), "open": True, "follows": True, **follows}]
    near = {"site": "liberty", "provider_id": "prov-1", "visit_type": "v", "starts_at": visit["starts_at"]}
    world.extra["referral", "POST", f"{case.removeprefix('/staff/')}/appointments/check"] = {
        "visit": {"starts_at": visit["starts_at"]},
        "conflicts": [
            {"code": "patient_busy", "appointment_id": visit["id"]},
            {"code": "red_flag_hold", "appointment_id": None},
        ],
        "alternatives": [near, near],
        "may_overbook": False,
    }
    for path in (
        "/staff/triage",
        case,
        f"{case}/assign",
        "/staff/waitlist",
        f"/staff/waitlist/{entry['id']}",
        own,
        f"{own}/submissions/{sent['submission_id']}",
        f"{case}/redirect",
        f"{case}/defer",
        f"{case}/slots",
        f"{case}/book?visit_type=v&provider_id=p&site_id=liberty&starts_at=2030-01-02T09:00",
        "/staff/today",
        "/staff/callbacks",
        "/staff/worklists?all=1",
        "/staff/handoff",
        "/staff/patients",
        "/staff/new-caller",
        record,
        "/staff/inbox",
        "/staff/messages",
        f"/staff/appointments/{visit['id']}/cancel",
        "/staff/nowhere",
    ):
        page.goto(path)
        check(page, path)
    page.set_viewport_size({"width": 390, "height": 844})
    for name, path in (("answers", f"{own}/submissions/{sent['submission_id']}"), ("record", record)):
        page.goto(path)
        check(page, f"/staff/{name}/390")


def check(page: Page, path: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/staff_{path.strip('/').replace('/', '_')[6:40]}.png", full_page=True)
    check_access(page, path)


def test_the_managers_pages_of_intake_pass_the_access_checks(
    clinic: Dashboard, chromium: Browser, address: str, cookies: dict[str, Any]
) -> None:
    """On call (with nobody on it, and with people) and the queue of records that may be one person."""
    context = chromium.new_context(base_url=address, viewport={"width": 1366, "height": 768})
    context.add_cookies(cookies["manager"])
    page = context.new_page()
    world = clinic.world
    turn = {
        "id": str(new_id()),
        "starts_at": world.now.isoformat(),
        "ends_at": (world.now + timedelta(hours=9)).isoformat(),
    }
    people = [
        contact("Ada Lind", by_turns=True, turns=[turn]),
        contact("Cy Moss", role="manager", on_call=False, phone="", sites=["paola"]),
    ]
    new: dict[str, Any] = {
        "name": "Vik, Dorte",
        "birth_date": "1969-02-11",
        "phone": "+18165550177",
        "email": "",
        "postcode": "",
        "identifiers": [{"system": "urn:waymark:record:prairie-family-practice", "value": "PF-2002"}],
    }
    other = [{**new["identifiers"][0], "value": "PF-2003"}]
    case = {
        "id": str(new_id()),
        "version": 1,
        "patient": new,
        "candidates": [
            {"patient_id": str(new_id()), "score": 9, "patient": {**new, "name": "Vik, Dorthe"}},
            {
                "patient_id": str(new_id()),
                "score": 4,
                "patient": {**new, "phone": "+18165550178", "identifiers": other},
                "excluded_by": ["urn:waymark:record:prairie-family-practice"],
            },
        ],
    }
    world.extra["intake", "GET", "match-cases"] = {"items": [case]}
    for items in ([], people):
        world.extra["notify", "GET", "staff-contacts"] = {"items": items}
        page.goto("/staff/on-call")
        for hidden in page.locator("details > summary").all():
            hidden.press("Enter")
        check(page, f"/staff/on-call-{len(items)}")
    page.goto("/staff/matches")
    check(page, "/staff/matches")
    context.close()

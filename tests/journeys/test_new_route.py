"""C13 in a real browser: clinicians add a route, its rule, its visit and its messages; then a patient takes it."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from kernel.ids import new_id
from local.demo.hands import NURSE, Hands
from tests.stack import RunningStack

pytestmark = pytest.mark.xdist_group("stack")

# A rule no other case of the shared clinic meets.
FORETOLD = "craving"
ANSWERS = {
    "age_years": 34,
    "regions": ["head"],
    "premonitory": [FORETOLD],
    "hx_location": ["vertex"],
    "triggers": ["diet_change"],
}
PATIENCE_SECONDS = 30.0


@pytest.mark.capability("C13")
def test_a_route_made_in_the_browser_is_reached_booked_and_written_about(
    chromium: Browser, stack: RunningStack
) -> None:
    code = f"nurse_clinic_{new_id().hex[-6:]}"
    nurse = seat(chromium, stack, "nurse")
    draft = start_draft(nurse, stack.address, f"Add {code}")
    add_route(nurse, draft, code)
    add_rule(nurse, draft, code)
    visit = add_visit(nurse, draft, code)
    message = write_message(seat(chromium, stack, "manager"), stack.address, code)
    set_messages(nurse, stack.address, visit, message)
    provider = seat(chromium, stack, "provider")
    publish(provider, draft)

    hands = Hands(stack.settings)
    sent = hands.submit(
        {
            "patient": {
                "given_name": "Rosa",
                "family_name": f"Newroute {code[-6:]}",
                "birth_date": "1992-02-03",
                "phone": "+19135550199",
                "email": "rosa@example.test",
            },
            "language": "en",
            "answers": ANSWERS,
            "consent": {"sms": True, "email": True},
            "answered_by": "self",
        }
    )
    case = eventually(lambda: referral_of(hands, sent["patient_id"]))
    assert (case["route"], case["priority"]) == (code, "P4")
    nurse.goto(f"{stack.address}/staff/referrals/{case['id']}")
    expect(nurse.locator("body")).to_contain_text("Nurse clinic for headache")
    accepted = hands.do(
        "referral", f"/api/referral/v1/referrals/{case['id']}/accept", {}, version=case["version"]
    )
    found = hands.get("referral", "/api/referral/v1/slots", NURSE, route=code, days="14").body["items"]
    assert {slot["site"] for slot in found} == {"leawood", "paola"}
    assert {slot["provider_id"] for slot in found} == {"noor_haddad"}
    slot = found[-1]
    hands.do(
        "referral",
        f"/api/referral/v1/referrals/{accepted.body['id']}/appointments",
        {
            "visit_type": visit,
            "site_id": slot["site"],
            "provider_id": slot["provider_id"],
            "starts_at": slot["starts_at"],
        },
    )
    planned = eventually(lambda: messages_of(hands, sent["patient_id"], "5_days"))
    assert {row["step"] for row in planned} >= {"booked", "5_days"}
    assert "3_days" not in {row["step"] for row in planned}
    (own,) = [row for row in planned if (row["step"], row["channel"]) == ("5_days", "sms")]
    assert "bring your diary" in own["text"]


def seat(chromium: Browser, stack: RunningStack, role: str) -> Page:
    logins = json.loads((stack.places.secrets / "demo_logins.json").read_text(encoding="utf-8"))
    return sign_in(chromium, stack.address, next(one for one in logins if one["role"] == role))


def sign_in(chromium: Browser, address: str, login: dict[str, str]) -> Page:
    page = chromium.new_context(viewport={"width": 1366, "height": 768}).new_page()
    page.goto(f"{address}/staff/")
    page.fill("input[name=email]", login["email"])
    page.fill("input[name=password]", login["password"])
    page.keyboard.press("Enter")
    page.wait_for_selector("nav")
    return page


def start_draft(page: Page, address: str, title: str) -> str:
    """Start a draft and return its address."""
    page.goto(f"{address}/staff/protocol")
    page.fill("input[name=title]", title)
    page.get_by_role("button", name="Start a draft").click()
    page.wait_for_url(re.compile("/staff/protocol/drafts/"))
    return page.url.split("?")[0]


def add_route(page: Page, draft: str, code: str) -> None:
    page.goto(f"{draft}?section=routes")
    page.locator("a.add-item").click()
    page.fill("input[name=id]", code)
    page.fill("input[name=label_en]", "Nurse clinic for headache")
    page.fill("input[name=label_es]", "Consulta de enfermería")
    page.select_option("select[name=rank]", label="before medication review")
    page.get_by_role("button", name="Save to the draft").click()
    expect(page.get_by_role("heading", name="2. Who is sent here")).to_be_visible()


def add_rule(page: Page, draft: str, code: str) -> None:
    page.goto(f"{draft}/routes/{code}")
    page.get_by_role("link", name="Add a rule").click()
    page.fill("input[name=id]", f"HN_{code[-6:]}")
    page.fill("input[name=name]", "Craving before a headache at the top of the head")
    page.select_option("select[name=priority]", "P4")
    page.fill("input[name=source]", "agreed at the clinic, November")
    page.select_option("select[name='when.variable']", "premonitory")
    page.wait_for_selector(f"select[name='when.value'] option[value={FORETOLD}]", state="attached")
    page.select_option("select[name='when.operator']", "contains")
    page.select_option("select[name='when.value']", FORETOLD)
    page.get_by_role("button", name="And…").click()
    page.select_option("select[name='when.1.variable']", "hx_location")
    page.wait_for_selector("select[name='when.1.value'] option[value=vertex]", state="attached")
    page.select_option("select[name='when.1.operator']", "contains")
    page.select_option("select[name='when.1.value']", "vertex")
    page.get_by_role("button", name="Save to the draft").click()
    page.wait_for_url(re.compile("section=rules"))


def add_visit(page: Page, draft: str, code: str) -> str:
    """Add the kind of visit the route begins with, and return its id."""
    page.goto(f"{draft}/routes/{code}")
    page.get_by_role("link", name="Add a kind of visit").click()
    visit = f"{code}_first"
    page.fill("input[name=name]", "Headache nurse, first visit")
    page.fill("input[name=id]", visit)
    page.fill("input[name=minutes]", "50")
    page.check("input[name=sites][value=leawood]")
    page.check("input[name=sites][value=paola]")
    page.check("input[name=providers][value=noor_haddad]")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile("/staff/visit-types"))
    expect(page.locator(f"#visit-{visit}")).to_contain_text("Noor Haddad")
    return visit


def write_message(page: Page, address: str, code: str) -> str:
    """Write a message that did not exist, by text in both languages, and return its name."""
    name = f"{code}_diary"
    page.goto(f"{address}/staff/texts")
    page.get_by_role("link", name="New message").click()
    page.fill("input[name=name]", name)
    page.fill(
        "textarea[name='en.body']", "{clinic_name}: for your migraine visit {visit_day} bring your diary."
    )
    page.fill("textarea[name='es.body']", "{clinic_name}: para su visita {visit_day} traiga su diario.")
    page.get_by_role("button", name="Check").click()
    expect(page.locator("fieldset").first).to_contain_text("names an illness")
    page.fill("textarea[name='en.body']", "{clinic_name}: for your visit {visit_day} bring your diary.")
    page.get_by_role("button", name="Publish").click()
    page.wait_for_url(re.compile(f"/staff/texts/{name}/sms/en"))
    return name


def set_messages(page: Page, address: str, visit: str, message: str) -> None:
    """Give the visit messages of its own: the reminder goes out five days before instead of three, in new words."""
    page.goto(f"{address}/staff/cadences?visit_type={visit}")
    rows = page.locator("fieldset.step-row")
    three = page.locator("input[value='3_days']")
    number = str(three.get_attribute("name")).split(".")[0]
    page.fill(f"input[name='{number}.amount']", "5")
    page.select_option(f"select[name='{number}.template']", message)
    page.select_option(f"select[name='{number}.way']", "sms")
    page.evaluate(f"document.querySelector(\"input[name='{number}.step']\").value = '5_days'")
    assert rows.count() >= 4
    page.get_by_role("button", name="Try it").click()
    expect(page.locator(".tried")).to_contain_text("5 days")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(re.compile("/staff/texts"))


def publish(page: Page, draft: str) -> None:
    page.goto(draft)
    expect(page.locator(".checks")).to_contain_text("golden cases pass")
    page.get_by_role("button", name="Put in force").click()
    page.wait_for_url(re.compile("/staff/protocol/versions/"))
    expect(page.locator("body")).to_contain_text("Nurse clinic for headache")


def referral_of(hands: Hands, patient_id: str) -> dict[str, Any] | None:
    rows = hands.get("referral", "/api/referral/v1/referrals", NURSE, patient_id=patient_id).body["items"]
    return rows[0] if rows else None


def messages_of(hands: Hands, patient_id: str, step: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = hands.get(
        "notify", "/api/notify/v1/messages", NURSE, patient_id=patient_id
    ).body["items"]
    return rows if any(row["step"] == step for row in rows) else []


def eventually(look: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """Return what `look` finds once it finds something; fails when it never does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"nothing came within {seconds:.0f} s")

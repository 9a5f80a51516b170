"""The whole way once, in a real browser: a patient with a cervicogenic headache, in Spanish, to a confirmed visit."""

import base64
import io
import json
import re
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from tests.journeys.patient_browser import Patient, PatientBrowser
from tests.stack import RunningStack

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
LUCIA = Patient(
    given_name="Lucía",
    family_name="Prado",
    birth_date="05/14/1984",
    phone="(816) 555-0171",
    email="lucia.prado@example.test",
    postcode="64063",
    language="es",
    says={
        "regions": ["head", "neck"],
        "nprs_now": 5,
        "hx_days_per_month": 9,
        "hx_attacks_lifetime": 60,
        "hx_laterality": "right",
        "hx_side_locked": True,
        "hx_location": ["occiput_neck", "forehead"],
        "hx_quality": ["aching"],
        "hx_severity": "moderate",
        "hx_nausea": "none",
        "neck_provokes_headache": True,
        "neck_posture_provokes": True,
        "neck_symptoms_precede": True,
        "neck_cause": ["poor_posture"],
        "pregnancy_status": "not_pregnant",
        "limb_weakness": "none",
        "referral_letter": {"name": "carta.png", "mimeType": "image/png", "buffer": PIXEL},
        "other_notes": "Trabajo sentada todo el día",
    },
)
E164 = "+18165550171"


def staff_page(chromium: Browser, stack: RunningStack, role: str) -> Page:
    """Return a page signed in as the first demo member of staff with `role`."""
    logins = json.loads((stack.places.secrets / "demo_logins.json").read_text(encoding="utf-8"))
    login = next(one for one in logins if one["role"] == role)
    page = chromium.new_context(viewport={"width": 1366, "height": 768}).new_page()
    page.goto(f"{stack.address}/staff/")
    page.fill("input[name=email]", login["email"])
    page.fill("input[name=password]", login["password"])
    page.keyboard.press("Enter")
    page.wait_for_selector("nav")
    return page


def eventually(look: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Return what `look` finds once it finds something; fails when it never does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"nothing came within {seconds:.0f} s")


def texts(stack: RunningStack) -> list[dict[str, Any]]:
    address = f"http://127.0.0.1:{stack.settings.ports['carrier']}/phone/api/messages"
    found: list[dict[str, Any]] = httpx.get(address, params={"phone": E164}).json()["messages"]
    return [message for message in found if message["direction"].startswith("outbound")]


def letters(stack: RunningStack) -> list[dict[str, Any]]:
    address = f"http://127.0.0.1:{stack.settings.ports['mailbox']}/mail/api/messages"
    found: list[dict[str, Any]] = httpx.get(address, params={"to": LUCIA.email}).json()["messages"]
    return found


@pytest.mark.capability("I11", "I13")
@pytest.mark.xdist_group("stack")
def test_from_the_first_question_to_a_confirmed_visit(stack: RunningStack, chromium: Browser) -> None:
    # The patient answers on a phone, in Spanish, and is told what happens next, without a diagnosis.
    phone = chromium.new_context(viewport={"width": 360, "height": 740}, locale="es-US").new_page()
    foreign: list[str] = []
    phone.on("request", lambda r: None if r.url.startswith(stack.address) else foreign.append(r.url))
    lucia = PatientBrowser(phone, stack.address, LUCIA)
    lucia.start()
    lucia.answer_all()
    lucia.send()
    assert phone.locator("html").get_attribute("lang") == "es"
    told = phone.locator("main").inner_text().lower()
    assert not re.search(r"migra|cervicog|cefalea|terapia física|fisioterapia|diagn", told), told
    assert len(lucia.pages_seen) > 15, lucia.pages_seen

    # The nurse finds her, sees why, and accepts.
    nurse = staff_page(chromium, stack, "nurse")

    def in_the_queue() -> bool:
        nurse.goto(f"{stack.address}/staff/triage?route=physical_therapy")
        return nurse.locator("tr", has_text="Prado, Lucía").count() == 1

    eventually(in_the_queue)
    row = nurse.locator("tr", has_text="Prado, Lucía")
    expect(row).to_contain_text("Physical therapy")
    expect(row).to_contain_text("Spanish")
    row.locator("a").first.click()
    decision = nurse.locator(".decision")
    expect(decision).to_contain_text("PT1")
    expect(decision).to_contain_text("Unsigned")
    expect(decision.locator(".clause--true").first).to_be_visible()

    # Her own words and her letter are one press away.
    nurse.get_by_role("link", name="Questions before your visit").click()
    expect(nurse.locator(".as-answered").last).to_contain_text("Trabajo sentada todo el día")
    expect(nurse.locator("main")).to_contain_text("carta.png")
    file = nurse.request.get(
        stack.address + str(nurse.get_by_role("link", name="Save the file").get_attribute("href"))
    )
    assert (file.headers["content-type"], file.body()) == ("image/png", PIXEL)
    nurse.get_by_role("link", name="Back to the case").click()
    nurse.get_by_role("button", name="Accept and stay").click()
    expect(nurse.locator(".patient-state")).to_contain_text(re.compile("book", re.IGNORECASE))

    # What goes out with her referral is one file, with her name as she writes it.
    packet = nurse.request.get(
        stack.address + str(nurse.get_by_role("link", name="Packet").get_attribute("href"))
    )
    assert packet.headers["content-type"] == "application/pdf"
    assert "Lucía Prado" in PdfReader(io.BytesIO(packet.body())).pages[0].extract_text()

    # The front desk books a slot for tomorrow, with the keyboard.
    nurse.locator("a", has_text="Find a slot").click()
    tomorrow = nurse.locator(
        ".day", has=nurse.locator(".tag", has_text=re.compile("tomorrow", re.IGNORECASE))
    )
    # Today alone may fill the page: whole days are shown, and the next ones are a key away.
    expect(nurse.locator("a.slot").first).to_be_visible()
    if tomorrow.count() == 0:
        nurse.keyboard.press("]")
    tomorrow.locator("a.slot").first.click()
    nurse.get_by_role("button", name="Book the visit").click()
    expect(nurse.locator(".notice--green")).to_contain_text("Booked")

    # The text and the letter are in Spanish and say nothing about her health.
    text = eventually(lambda: texts(stack))[0]["body"]
    assert len(text) <= 160
    assert not re.search(r"cabeza|cuello|dolor|terapia|physical|therapy|headache", text, re.IGNORECASE), text
    eventually(
        lambda: any(
            file["name"].endswith(".ics") for letter in letters(stack) for file in letter["attachments"]
        )
    )

    # The letter after the acceptance leads to her own page: behind her birth date, where things stand and how to
    # get ready, in Spanish and without a word about her health in the address.
    ready = eventually(
        lambda: [one["text"] for one in letters(stack) if "/intake/s?lang=es#t=" in one["text"]]
    )[0]
    home = chromium.new_context(viewport={"width": 360, "height": 740}).new_page()
    home.goto(str(re.search(r"http\S+#t=\S+", ready)[0]))  # type: ignore[index]
    home.fill("#birth_date", LUCIA.birth_date)
    home.locator("main button").click()
    expect(home.locator("main")).to_contain_text("Prepárese para su cita")
    expect(home.locator("main")).to_contain_text("Su cita está planeada.")
    assert "#" not in home.url

    # She answers C on her phone's own page; the dashboard shows the visit confirmed.
    handset = chromium.new_page()
    handset.goto(f"{stack.address}/phone/{E164.removeprefix('+')}")
    handset.locator("button", has_text=re.compile(r"^C\b")).first.click()

    def confirmed() -> bool:
        nurse.reload()
        return nurse.locator(".side", has_text=re.compile("confirmed .* by text", re.IGNORECASE)).count() == 1

    eventually(confirmed)
    expect(nurse.locator(".messages")).to_contain_text(re.compile("delivered|sent", re.IGNORECASE))
    nurse.goto(f"{stack.address}/staff/today")
    nurse.get_by_role("link", name=re.compile("Day after")).click()
    expect(nurse.locator("tr", has_text="Prado, Lucía")).to_contain_text("Text")
    assert foreign == []

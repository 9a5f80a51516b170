"""A patient accepted by a clinician chooses a time by the link in their text, and changes it; or is asked to call."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from chaos.traffic import every_item
from tests.check_access import WCAG, check_access
from tests.journeys.patient_browser import Patient, PatientBrowser
from tests.journeys.test_first_question_to_confirmed import staff_page
from tests.journeys.test_offer_by_text import Desk, eventually
from tests.stack import RunningStack

NOT_AT_ALL = "LA6568-5"
ROSA = Patient(
    given_name="Rosa",
    family_name="Chooses",
    birth_date="05/14/1984",
    phone="(816) 555-0191",
    email="",
    postcode="64063",
    language="en",
    says={
        "regions": ["neck"],
        "nprs_now": 4,
        "pregnancy_status": "not_pregnant",
        "limb_weakness": "none",
        "phq9_1": NOT_AT_ALL,
        "phq9_2": NOT_AT_ALL,
    },
)
ROSAS_PHONE, SKIPPER = "+18165550191", "+18165550192"


def status_page_of(chromium: Browser, desk: Desk, phone: str) -> Page:
    """The page behind the link in the text a patient without e-mail gets once they are accepted."""

    def link() -> str | None:
        found = [re.search(r"http\S+/intake/s\S*#t=\S+", text) for text in desk.texts(phone)]
        return next((match[0] for match in found if match), None)

    page = chromium.new_context(viewport={"width": 320, "height": 720}, bypass_csp=True).new_page()
    page.goto(str(eventually(link, f"the link to {phone}")))
    page.fill("#birth_date", "05/14/1984")
    page.locator("main button").click()
    return page


def form_of(page: Page, number: int) -> tuple[str, dict[str, str]]:
    """Where the form of this number on the page goes, and what it sends."""
    form = page.locator("main form[method=post]").nth(number)
    fields = form.evaluate("one => Object.fromEntries(new FormData(one))")
    return str(form.evaluate("one => one.action")), {str(name): str(value) for name, value in fields.items()}


def told_it_has_changed(page: Page, address: str, fields: dict[str, str]) -> None:
    """What the page behind it would send is refused as late; it is not said that nothing was booked."""
    answer = page.request.post(address, form=fields)  # type: ignore[arg-type]
    assert answer.status == 409, answer.text()
    assert "This has changed" in answer.text()
    assert "no longer free" not in answer.text()


def chosen_time(page: Page) -> str:
    """Take the second time listed; return how it was read out."""
    expect(page.locator(".wm-times button").nth(1)).to_be_visible()
    check_access(page, "the times", WCAG)
    button = page.locator(".wm-times button").nth(1)
    said = str(button.get_attribute("aria-label")).rpartition(",")[0]
    button.click()
    return said


@pytest.mark.capability("S9", "L12")
@pytest.mark.xdist_group("stack")
def test_who_answered_every_warning_sign_chooses_confirms_moves_and_cancels(
    stack: RunningStack, chromium: Browser
) -> None:
    desk = Desk(stack)
    answering = PatientBrowser(
        chromium.new_context(viewport={"width": 360, "height": 740}).new_page(), stack.address, ROSA
    )
    answering.start()
    answering.answer_all()
    answering.send()
    nurse = staff_page(chromium, stack, "nurse")

    def referral() -> str | None:
        # The queue has pages, and other tests of this clinic fill them.
        rows = every_item(desk.hands, "referral", "/api/referral/v1/referrals")
        return next((row["id"] for row in rows if row["patient"]["family_name"] == ROSA.family_name), None)

    nurse.goto(f"{stack.address}/staff/referrals/{eventually(referral, 'her referral')}")
    # Some questions are open, as they always are; none of them is a warning sign she was asked about.
    expect(nurse.locator(".decision")).to_contain_text("Not answered: ask")
    expect(nurse.locator(".warnings")).to_have_count(0)
    nurse.get_by_role("button", name="Accept and stay").click()
    expect(nurse.locator(".patient-state")).to_contain_text(re.compile("book", re.IGNORECASE))

    rosa = status_page_of(chromium, desk, ROSAS_PHONE)
    rosa.get_by_role("link", name="Choose a time").click()
    # A time she may still change: past the cut-off, a change becomes a call.
    next_week = (desk.hands.now() + timedelta(days=7)).date().isoformat()
    rosa.goto(f"{rosa.url.partition('?')[0]}?from={next_week}")
    rosa.get_by_label("Where").select_option("paola")
    rosa.get_by_role("button", name="Show times").press("Enter")
    expect(rosa.locator(".wm-times button").first).to_contain_text("Paola")
    rosa.goto(f"{rosa.url.partition('?')[0]}?from={next_week}")
    another = form_of(rosa, 3)
    first = chosen_time(rosa)
    expect(rosa.get_by_role("status")).to_contain_text("Your visit is booked")
    # The page is still open in another tab, and another of its times is pressed there.
    told_it_has_changed(rosa, *another)
    expect(rosa.locator("main")).to_contain_text(first)
    check_access(rosa, "the visit booked", WCAG)
    # Back on her page the visit stands, and each step is a page of its own.
    rosa.get_by_role("link", name="Back to where things stand").click()
    eventually(
        lambda: rosa.reload() and rosa.get_by_role("link", name="Confirm, change or cancel").count(), "visit"
    )
    rosa.get_by_role("link", name="Confirm, change or cancel").click()
    address, fields = form_of(rosa, 0)
    told_it_has_changed(rosa, address, fields | {"visit_version": "9" * 5000})
    rosa.get_by_role("button", name="Yes, I will come").click()
    expect(rosa.locator("main")).to_contain_text("You told us that you will come")
    rosa.get_by_role("link", name="Choose another time").click()
    rosa.get_by_role("link", name="Later days").click()
    rosa.get_by_role("link", name="All times this day").last.click()
    moved = chosen_time(rosa)
    assert moved != first
    expect(rosa.get_by_role("status")).to_contain_text("Your visit has a new time")
    expect(rosa.locator("main")).to_contain_text(moved)
    rosa.get_by_role("link", name="I cannot come").click()
    check_access(rosa, "the visit to cancel", WCAG)
    rosa.get_by_role("button", name="Yes, cancel it").click()
    expect(rosa.locator("h1")).to_have_text("Your visit is cancelled")
    nurse.reload()
    expect(nurse.locator(".timeline")).to_contain_text("patient cannot come")


@pytest.mark.capability("S9")
@pytest.mark.xdist_group("stack")
def test_who_left_a_warning_sign_open_calls_until_a_clinician_has_settled_it(
    stack: RunningStack, chromium: Browser
) -> None:
    desk = Desk(stack)
    referral = desk.ready_to_book(SKIPPER, settled=False)
    patient = status_page_of(chromium, desk, SKIPPER)
    # Nothing is offered that would be refused: the page says who calls whom, and so does the page of times.
    where_things_stand = patient.url
    asked = "A nurse has a few questions for you before you choose a time. Please call us at "
    expect(patient.locator("main")).to_contain_text(
        re.compile(asked + r"\d{3}-\d{3}-\d{4}\. If you do not call")
    )
    patient.goto(f"{where_things_stand.partition('?')[0]}?lang=es")
    expect(patient.locator("main")).to_contain_text(re.compile(r"Por favor llámenos al \d{3}-\d{3}-\d{4}\."))
    patient.goto(f"{where_things_stand.partition('?')[0]}?lang=en")
    expect(patient.get_by_role("link", name="Choose a time")).to_have_count(0)
    check_access(patient, "a nurse asks first", WCAG)
    patient.goto(f"{where_things_stand.partition('?')[0].rstrip('/')}/times")
    expect(patient.locator("h1")).to_have_text("Please call us first")
    check_access(patient, "call first", WCAG)
    assert re.fullmatch(
        r"tel:\d{3}-\d{3}-\d{4}", str(patient.locator("main a[href^=tel]").get_attribute("href"))
    )
    nurse = staff_page(chromium, stack, "nurse")
    nurse.goto(f"{stack.address}/staff/referrals/{referral}")
    nurse.keyboard.press("v")
    expect(nurse.locator(".warnings")).to_contain_text("Sudden severe onset")
    for box in nurse.locator(".warnings input").all():
        box.focus()
        nurse.keyboard.press("Space")
    nurse.keyboard.press("Enter")
    expect(nurse.locator(".notice--green")).to_contain_text("Settled")
    patient.goto(where_things_stand)
    patient.get_by_role("link", name="Choose a time").click()
    # The soonest time is today: too late to change alone, so the wish becomes a call, and the time stays theirs.
    chosen_time(patient)
    expect(patient.get_by_role("status")).to_contain_text("Your visit is booked")
    patient.get_by_role("link", name="I cannot come").click()
    expect(patient.locator("h1")).to_have_text("It is too late to change this here")
    patient.get_by_role("button", name="Please call me").click()
    expect(patient.locator("h1")).to_have_text("We will call you")
    check_access(patient, "we will call", WCAG)
    nurse.goto(f"{stack.address}/staff/today")
    expect(nurse.locator("tr", has_text=f"Waits-{SKIPPER[-3:]}")).to_contain_text(
        "cannot come", ignore_case=True
    )

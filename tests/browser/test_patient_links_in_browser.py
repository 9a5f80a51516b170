"""Links, codes and the tablet in a real browser: another phone goes on, and nothing of a patient is left behind."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.test_intake_pages import Visit, served
from tests.intake.conftest import FRONT_DESK, Clinic
from tests.intake.imported_form import publish
from tests.intake.test_expressions import scored

__all__ = ["served"]
LINK = re.compile(r"#t=([A-Za-z0-9_-]{43})")

#: The next send arrives, but the page hears of it only when the test lets the answer go.
HOLD_THE_ANSWER = """() => {
  const real = window.fetch;
  window.fetch = (...given) => {
    window.fetch = real;
    return real(...given).then((answer) => new Promise((done) => { window.letGo = () => done(answer); }));
  };
}"""


@pytest.mark.capability("I4")
@pytest.mark.parametrize("lang", ["en", "es"])
def test_close_the_phone_and_go_on_with_another(
    chromium: Browser, served: tuple[str, Clinic], lang: str
) -> None:
    """In both languages: the link is shown, opened elsewhere, and a code shows what was answered on the first phone."""
    base, clinic = served
    number = "816-555-0161" if lang == "en" else "816-555-0162"
    first = Visit(chromium.new_context(viewport={"width": 320, "height": 700}, bypass_csp=True), base)
    first.start(lang, given_name="Lin" if lang == "en" else "Luz", phone=number)
    first.save_and_go_on()
    first.page.click("label[for=f-regions-neck]")
    first.save_and_go_on()
    stopped_at = first.name
    first.page.click("a.wm-later")
    first.check(f"{lang}_later")
    first.page.click("main button[type=submit]")
    first.check(f"{lang}_later_made")
    link = first.page.input_value("#address")
    token = LINK.search(link)
    assert token
    assert token[1] not in first.page.url
    first.page.context.close()

    second = Visit(chromium.new_context(viewport={"width": 320, "height": 256}, bypass_csp=True), base)
    addresses: list[str] = []
    second.page.on("request", lambda one: addresses.append(one.url + str(one.headers.get("referer", ""))))
    second.page.goto(base + "/" + link.split("/", 3)[3])
    second.page.wait_for_selector("#birth_date")
    second.check(f"{lang}_gate")
    second.page.fill("#birth_date", "04/23/1950")
    second.page.keyboard.press("Enter")
    second.page.wait_for_selector("#page-form")
    assert second.name == stopped_at
    assert not any(token[1] in one for one in addresses), "the token was in no address"
    second.open(second.page.url.removeprefix(base).replace(stopped_at, "where"))
    assert second.page.locator(":checked").count() == 0
    second.check(f"{lang}_answered_elsewhere")
    second.page.locator(".usa-alert a.usa-button").click()
    second.check(f"{lang}_code")
    second.page.locator("main form button").click()
    second.check(f"{lang}_code_sent")
    second.page.fill("#code", clinic.events("code_requested")[-1]["code"])
    second.page.keyboard.press("Enter")
    second.page.wait_for_selector("#f-regions-neck")
    assert second.page.locator("#f-regions-neck").is_checked()
    second.page.go_back()
    second.page.go_forward()
    assert token[1] not in second.page.url
    second.open("/intake/q")
    second.check(f"{lang}_entry")
    second.page.context.close()


@pytest.mark.capability("I9")
def test_the_tablet_shows_the_next_patient_nothing_of_the_last(
    chromium: Browser, served: tuple[str, Clinic]
) -> None:
    base, clinic = served
    patient = clinic.submit({"regions": ["neck"]}, phone="+18165550163").get_json()["patient_id"]
    issued = clinic.call("POST", f"/patients/{patient}/links", {"mode": "kiosk"}, actor=FRONT_DESK)
    tablet = Visit(chromium.new_context(viewport={"width": 820, "height": 1180}, bypass_csp=True), base)
    tablet.open(issued.get_json()["path"])
    tablet.page.wait_for_selector("#birth_date")
    tablet.page.fill("#birth_date", "03/02/1979")
    tablet.page.keyboard.press("Enter")
    tablet.page.wait_for_selector("#page-form")
    tablet.check("kiosk_page")
    tablet.page.click("label[for='f-seizure-false']")
    kept = tablet.page.url
    # Nobody touches it: the page's own clock, made to run fast.
    tablet.page.evaluate("document.body.setAttribute('data-kiosk-seconds', '0')")
    tablet.page.add_script_tag(url="/intake/static/kiosk.js")
    tablet.page.wait_for_url("**/still-here")
    tablet.check("kiosk_still_here")
    tablet.page.locator("main a").first.click()
    tablet.page.wait_for_selector("#page-form")
    assert tablet.page.locator("#f-seizure-false").is_checked(), (
        "what was typed was kept for the one who is there"
    )
    tablet.open("/intake/done")
    tablet.check("kiosk_done")
    tablet.page.go_back()
    expect(tablet.page.locator("#page-form")).to_have_count(0)
    tablet.page.goto(kept)
    expect(tablet.page.locator("h1")).to_have_text("This page cannot be opened")
    assert tablet.page.evaluate("sessionStorage.length + localStorage.length") == 0
    assert tablet.page.context.cookies() == [] or all(
        "links" not in one["value"] for one in tablet.page.context.cookies()
    )
    tablet.page.context.close()


def test_pages_reflow_at_four_hundred_per_cent(chromium: Browser, served: tuple[str, Clinic]) -> None:
    """WCAG 1.4.10: 1280 by 1024 at 400 % is 320 by 256 CSS pixels. Nothing is cut off, and nothing lies over a field."""
    base, _ = served
    context = chromium.new_context(
        viewport={"width": 320, "height": 256}, device_scale_factor=4, bypass_csp=True
    )
    visit = Visit(context, base)
    visit.open("/intake/?lang=es")
    visit.check("zoom_welcome")
    visit.start("es", given_name="Zoe", phone="816-555-0164")
    for _ in range(4):
        if visit.name == "where":
            visit.page.click("label[for=f-regions-neck]")
        visit.check(f"zoom_{visit.name}")
        for control in visit.page.locator("#page-form input:not([type=hidden])").all()[:6]:
            control.focus()
            seen = control.evaluate(
                """one => { const shown = one.labels[0] || one, box = shown.getBoundingClientRect();
                const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
                if (bottom <= top) return false;
                const there = document.elementFromPoint(box.left + box.width / 2, (top + bottom) / 2);
                return shown.contains(there) || one === there; }"""
            )
            assert seen, f"{control.get_attribute('id')} has the focus and is not seen"
        visit.save_and_go_on()
    context.close()


@pytest.mark.capability("I19")
def test_what_is_typed_while_a_page_is_sent_goes_with_it_wherever_it_leads(
    chromium: Browser, served: tuple[str, Clinic]
) -> None:
    """A page that leads to a safety text shows it afterwards; the last page leads to the review."""
    context = chromium.new_context()
    visit = Visit(context, served[0])
    visit.start("en", given_name="Slow", phone="816-555-0139")
    here = visit.page.url.rpartition("/")[0].removeprefix(served[0])

    def send_slowly(first: str, then: str) -> None:
        visit.page.click(f"label[for='{first}']")
        visit.page.evaluate(HOLD_THE_ANSWER)
        visit.save()
        visit.page.wait_for_function("() => window.letGo")
        visit.page.click(f"label[for='{then}']")
        visit.page.evaluate("() => window.letGo()")

    visit.open(f"{here}/fever_and_illness")
    send_slowly("f-fever-true", "f-chills-true")
    visit.page.wait_for_url("**/notice/**")
    assert visit.page.locator("main form button[type=submit]").is_visible()
    visit.page.click("main form button[type=submit]")
    visit.open(f"{here}/visit")
    send_slowly("f-preferred_site-paola", "f-visit_timing-this_week")
    visit.page.wait_for_url("**/review/**")
    (mine,) = served[1].sql("SELECT id FROM submission ORDER BY started_at DESC LIMIT 1")
    items = served[1].get(f"/submissions/{mine.id}")["items"]
    assert (items["fever"], items["chills"]) == (True, True)
    assert (items["preferred_site"], items["visit_timing"]) == ("paola", "this_week")
    context.close()


@pytest.mark.capability("I18")
def test_totals_follow_what_is_typed(chromium: Browser, served: tuple[str, Clinic]) -> None:
    """A total, words put together by it, and a question it opens; without the network there is no total."""
    document = scored()
    publish(served[1], document)
    given = served[1].submit({"regions": ["neck"]}).get_json()
    asked = {"questionnaire": document["url"]}
    link = served[1].call("POST", f"/patients/{given['patient_id']}/links", asked).get_json()
    context = chromium.new_context(viewport={"width": 320, "height": 700}, bypass_csp=True)
    visit = Visit(context, served[0])
    visit.open(link["path"])
    visit.page.fill("[name=birth_date]", "1979-03-02")
    visit.page.click("main button[type=submit]")
    total, said = (visit.page.locator(f"[data-total={name}]") for name in ("total", "said"))
    expect(total).to_have_text("0")
    for name in ("one", "two"):
        visit.page.click(f"label[for=f-{name}-often]")
    expect(total).to_have_text("2")
    expect(said).to_have_text("much")
    expect(visit.page.locator("#f-more")).to_be_visible()
    visit.check("totals")
    context.set_offline(True)
    visit.page.click("label[for=f-two-never]")
    expect(total).to_have_text("–")
    context.set_offline(False)
    visit.page.click("label[for=f-one-never]")
    expect(total).to_have_text("0")
    expect(visit.page.locator("#f-more")).to_be_hidden()
    context.close()

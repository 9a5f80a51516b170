"""Patient pages in a real browser: accessible, narrow, quiet on the network, and usable without a script."""

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from tests.check_access import WCAG, check_access
from tests.conftest import DatabaseFactory
from tests.intake.conftest import Clinic, Keys, make_clinic, new_keys
from tests.servers import LOOK_UP_SECONDS

STOPS = {
    "en": "Call 911 or go to an emergency room now",
    "es": "Llame al 911 o vaya a urgencias ahora",
}
SHOTS = os.environ.get("INTAKE_SHOTS", "")
KINDS_ON_PAGE = (
    "() => [...new Set([...document.querySelectorAll('*')].map(one => one.tagName + ' ' + one.className))]"
)
#: Every computed style of every element, with the page's one sheet and then with all of USWDS in its place. The names
#: are listed once, and a part before or after an element that is not there has no style but that: a fifth of the time.
DIFFERENT_WITH_ALL_OF_USWDS = """async () => {
  const names = [...getComputedStyle(document.body)];
  const parts = [...document.querySelectorAll("body, body *")].flatMap((one) => [null, "::before", "::after"].map(
    (part) => ({name: one.tagName + "." + one.className + (part || ""), part, style: getComputedStyle(one, part)})));
  const look = () => parts.map(({part, style}) =>
    (part && style.content === "none" ? ["content"] : names).map((name) => name + ":" + style[name]));
  const sheet = document.querySelector("link[rel=stylesheet]");
  const before = look();
  for (const address of ["lib/uswds/css/uswds.min.css", "intake.css"]) {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = "/intake/static/" + address;
    const loaded = new Promise((done, failed) => { link.onload = done; link.onerror = failed; });
    sheet.before(link);
    await loaded;
  }
  sheet.disabled = true;
  const after = look();
  return before.flatMap((styles, at) => styles.filter((style, n) => style !== after[at][n])
    .map((style) => parts[at].name + " " + style)).slice(0, 5);
}"""

FIRST_LOOK = """() => [document.activeElement.id,
  ...[...document.querySelectorAll("#errors a")].map((one) => one.getAttribute("href"))]"""


@pytest.fixture(scope="module")
def served(module_database: DatabaseFactory, session_redis_url: str) -> Iterator[tuple[str, Clinic]]:
    keys: Keys = new_keys()
    clinic = make_clinic(module_database("intake").app_url, session_redis_url, keys)
    server = make_server("127.0.0.1", 0, clinic.app, threaded=True)
    threading.Thread(target=server.serve_forever, args=(LOOK_UP_SECONDS,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", clinic
    server.shutdown()
    clinic.parts.database.engine.dispose()


class Visit:
    """One browser window on the pages; every page it looks at is checked."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.page: Page = context.new_page()
        self.base = base
        self.hosts: set[str] = set()
        self.looked_at: set[str] = set()
        self.page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))

    def open(self, path: str) -> None:
        self.page.goto(self.base + path)

    def check(self, name: str) -> None:
        if SHOTS:
            self.page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
        check_access(self.page, name, WCAG)

    def check_style(self, name: str) -> None:
        """A page with a kind of element not seen before looks as it would with the whole of USWDS."""
        kinds = set(self.page.evaluate(KINDS_ON_PAGE))
        if kinds <= self.looked_at:
            return
        self.looked_at |= kinds
        assert self.page.evaluate(DIFFERENT_WITH_ALL_OF_USWDS) == [], name

    def start(self, lang: str, **facts: str) -> None:
        self.open(f"/intake/start?lang={lang}")
        about = {
            "given_name": "Ana",
            "family_name": "Ruiz",
            "birth_date": "04/23/1950",
            "phone": "816-555-0123",
        }
        for name, value in {**about, **facts}.items():
            self.page.fill(f"[name={name}]", value)
        self.page.click("main button[type=submit]")

    def save(self) -> None:
        """Press the button; a script sends the page, so callers wait for where it leads."""
        self.page.click("#page-form button[type=submit]")

    def save_and_go_on(self) -> None:
        before = self.page.url
        self.save()
        self.page.wait_for_function(
            "url => location.href !== url && document.readyState === 'complete'", arg=before
        )

    @property
    def name(self) -> str:
        return self.page.url.rstrip("/").rpartition("/")[2]


@pytest.mark.parametrize("lang", ["en", "es"])
def test_every_page_is_accessible_at_320_px(chromium: Browser, served: tuple[str, Clinic], lang: str) -> None:
    context = chromium.new_context(viewport={"width": 320, "height": 700}, bypass_csp=True)
    visit = Visit(context, served[0])
    refused: list[str] = []
    visit.page.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    visit.open(f"/intake/?lang={lang}")
    visit.check(f"{lang}_welcome")
    visit.check_style("welcome")
    visit.open(f"/intake/s?lang={lang}")
    visit.check(f"{lang}_entry")
    assert refused == [], "the styles in these pages are the ones their policy allows"
    visit.open(f"/intake/start?lang={lang}")
    visit.page.click("main button[type=submit]")
    visit.page.wait_for_selector("#errors")
    assert visit.page.evaluate(FIRST_LOOK) == [
        "errors",
        "#f-given_name",
        "#f-family_name",
        "#f-birth_date",
        "#f-phone",
    ], "what is wrong has the focus, all of it at once, in the order of the page"
    visit.check(f"{lang}_about_with_mistakes")
    visit.check_style("about_with_mistakes")
    visit.start(lang, phone="816-555-0131" if lang == "es" else "816-555-0130")
    seen = []
    while "/review/" not in visit.page.url:
        assert visit.name not in seen
        seen.append(visit.name)
        if visit.name == "where":
            visit.save()
            visit.page.wait_for_selector("#errors")
            assert visit.page.evaluate(FIRST_LOOK) == ["errors", "#f-regions"]
            visit.page.click("label[for=f-regions-head]")
        if visit.name == "warning_signs":
            visit.page.click("label[for=f-aura_symptoms-visual]")
        if visit.name == "mood":
            visit.page.click("label[for='f-phq9_1-LA6570-1']")
        # What opens by an answer is looked at as well.
        visit.page.evaluate(
            "document.querySelectorAll('[data-opens]').forEach(one => { one.hidden = false; })"
        )
        visit.check(f"{lang}_{visit.name}")
        if lang == "en":
            visit.check_style(visit.name)
        visit.save_and_go_on()
    assert {"mood_more", "warning_signs_more", "scalp_and_jaw", "medicines"} <= set(seen)
    visit.check(f"{lang}_review")
    visit.page.click("main form button[type=submit]")
    visit.check(f"{lang}_status")
    visit.check_style("status")
    assert visit.hosts == {visit.base.split("/")[2]}, "no foreign host is asked"
    context.close()


@pytest.mark.parametrize(
    ("lang", "width"),
    [("en", 1280), ("es", 320)],
)
def test_the_stop_is_loud_and_accessible(
    chromium: Browser, served: tuple[str, Clinic], lang: str, width: int
) -> None:
    """It stands above the same-day text that was shown before it; after it a link that opens nothing."""
    context = chromium.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
    visit = Visit(context, served[0])
    visit.start(lang, given_name="Luis", phone="816-555-0132" if lang == "en" else "816-555-0138")
    here = visit.page.url.rpartition("/")[0].removeprefix(served[0])
    visit.open(f"{here}/fever_and_illness")
    visit.page.click("label[for='f-fever-true']")
    visit.save_and_go_on()
    assert "/notice/" in visit.page.url
    visit.check(f"{lang}_notice")
    visit.check_style("notice")
    visit.page.click("main form button[type=submit]")
    visit.open(f"{here}/emergency_signs")
    visit.page.click("label[for='f-thunderclap-true']")
    visit.save_and_go_on()
    assert visit.page.get_by_role("heading", level=1).inner_text() == STOPS[lang]
    visit.check(f"{lang}_stopped")
    visit.check_style("stopped")
    visit.open(f"/intake/q/{'x' * 43}/")
    visit.check(f"{lang}_refused")
    context.close()


def test_the_whole_way_by_keyboard_without_a_script(chromium: Browser, served: tuple[str, Clinic]) -> None:
    context = chromium.new_context(java_script_enabled=False)
    visit = Visit(context, served[0])
    visit.open("/intake/start?lang=en")
    for value in ("Kim", "Vale", "01/02/1988", "816-555-0133"):
        target = {"Kim": "given_name", "Vale": "family_name", "01/02/1988": "birth_date"}.get(value, "phone")
        visit.page.focus(f"[name={target}]")
        visit.page.keyboard.type(value)
    with visit.page.expect_navigation():
        visit.page.keyboard.press("Enter")
    steps = 0
    while "/review/" not in visit.page.url:
        steps += 1
        assert steps < 45
        if visit.name == "where":
            visit.page.focus("#f-regions-neck")
            visit.page.keyboard.press("Space")
        visit.page.focus("#page-form button[type=submit]")
        with visit.page.expect_navigation():
            visit.page.keyboard.press("Enter")
    visit.page.focus("main form button[type=submit]")
    with visit.page.expect_navigation(url="**/s/**"):
        visit.page.keyboard.press("Enter")
    context.close()


def test_a_page_is_light(chromium: Browser, served: tuple[str, Clinic]) -> None:
    """At most 150 kB over the wire for the first page of questions, nothing cached."""
    context = chromium.new_context()
    visit = Visit(context, served[0])
    visit.start("en", given_name="Lea", phone="816-555-0134")
    session = context.new_cdp_session(visit.page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    visit.page.reload(wait_until="networkidle")
    assert sum(sizes) <= 150_000, sum(sizes)
    context.close()


@pytest.mark.capability("I2")
def test_what_an_answer_opens_on_its_page_comes_and_goes_as_the_server_judges(
    chromium: Browser, served: tuple[str, Clinic]
) -> None:
    """With a script questions hide until they are asked; without one, or without the network, all are there."""
    kept = []
    for script in (True, False):
        context = chromium.new_context(java_script_enabled=script)
        visit = Visit(context, served[0])
        visit.start("en", given_name="Iva", phone="816-555-0141" if script else "816-555-0142")
        visit.open(visit.page.url.removeprefix(visit.base).replace("emergency_signs", "injury"))
        days = visit.page.locator("#f-head_neck_trauma_days-n")
        expect(days).to_be_visible(visible=not script)
        visit.page.click("label[for='f-injury_recent-true']")
        expect(days).to_be_visible()
        days.fill("3")
        visit.page.click("label[for='f-injury_recent-false']")
        expect(days).to_be_visible(visible=not script)
        if script:
            context.set_offline(True)
            visit.page.click("label[for='f-injury_recent-true']")
            expect(days).to_have_value("3")
            expect(days).to_be_visible()
            visit.page.click("label[for='f-injury_recent-false']")
            context.set_offline(False)
        visit.save_and_go_on()
        (row,) = served[1].sql("SELECT id FROM submission ORDER BY saved_at DESC LIMIT 1")
        kept.append(served[1].get(f"/submissions/{row.id}")["items"])
        context.close()
    assert kept[0] == kept[1]
    assert kept[0]["injury_recent"] is False


@pytest.mark.capability("I10")
def test_touching_the_body_ticks_its_region(chromium: Browser, served: tuple[str, Clinic]) -> None:
    context = chromium.new_context()
    visit = Visit(context, served[0])
    visit.start("en", given_name="Bo", phone="816-555-0135")
    visit.save()
    visit.page.wait_for_url("**/where")
    visit.page.locator("figure:nth-of-type(2) [data-region=low_back]").click()
    visit.page.locator("figure:nth-of-type(1) [data-region=face]").click()
    visit.page.focus("#f-regions-neck")
    visit.page.keyboard.press("Space")
    assert visit.page.locator("#f-regions-low_back").is_checked()
    assert visit.page.locator("[data-region=neck].wm-on").count() == 2
    visit.save()
    visit.page.wait_for_url("**/pain_now")
    visit.open(visit.page.url.removeprefix(visit.base).replace("pain_now", "where"))
    ticked = visit.page.evaluate(
        "[...document.querySelectorAll('[name=regions]:checked')].map(b => b.value).sort()"
    )
    assert ticked == ["face", "low_back", "neck"]
    context.close()


@pytest.mark.capability("I10")
@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_the_body_is_marked_by_keyboard_alone(
    chromium: Browser, served: tuple[str, Clinic], script: bool
) -> None:
    """Tab and Space reach every region in one list that names it; the picture follows and takes no focus."""
    context = chromium.new_context(java_script_enabled=script, viewport={"width": 1366, "height": 900})
    visit = Visit(context, served[0])
    visit.start("es", given_name="Tecla", phone="816-555-0139" if script else "816-555-0140")
    visit.open(visit.page.url.removeprefix(visit.base).replace("emergency_signs", "where"))
    wanted, reached = {"head", "upper_back", "leg"}, set()
    for _ in range(40):
        visit.page.keyboard.press("Tab")
        focused = visit.page.locator(":focus")
        assert focused.locator("xpath=ancestor::*[@aria-hidden='true']").count() == 0
        if focused.get_attribute("name") == "regions":
            assert focused.bounding_box() is not None
            reached.add(focused.get_attribute("value"))
            if focused.get_attribute("value") in wanted:
                visit.page.keyboard.press("Space")
        if focused.get_attribute("type") == "submit":
            break
    assert reached >= {"head", "face", "neck", "upper_back", "mid_back", "low_back", "arm", "leg"}
    on = visit.page.locator("[data-region].wm-on")
    assert on.count() == (5 if script else 0), "head and leg in front and behind, upper back behind"
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url("**/pain_now")
    (row,) = served[1].sql(
        "SELECT s.id FROM submission s ORDER BY s.saved_at DESC LIMIT 1",
    )
    assert set(served[1].get(f"/submissions/{row.id}")["items"]["regions"]) == wanted
    context.close()


@pytest.mark.capability("I19")
def test_answers_survive_a_lost_network(chromium: Browser, served: tuple[str, Clinic]) -> None:
    context = chromium.new_context()
    visit = Visit(context, served[0])
    visit.start("en", given_name="Net", phone="816-555-0136")
    visit.page.click("label[for='f-seizure-false']")
    context.set_offline(True)
    visit.save()
    visit.page.get_by_text("No connection. Your answers are kept").wait_for()
    visit.page.click("label[for='f-loc-false']")
    context.set_offline(False)
    visit.page.wait_for_url("**/where", timeout=90_000)
    visit.page.click("label[for=f-regions-arm]")
    context.set_offline(True)
    visit.page.evaluate("document.title = 'still here'")
    context.set_offline(False)
    visit.page.reload()
    assert visit.page.locator("#f-regions-arm").is_checked(), "typing survives a reload before it was sent"
    visit.save()
    visit.page.wait_for_url("**/pain_now", timeout=90_000)
    clinic = served[1]
    (mine,) = clinic.sql("SELECT id FROM submission ORDER BY started_at DESC LIMIT 1")
    stored = clinic.get(f"/submissions/{mine.id}")
    assert stored["items"]["seizure"] is False, "what was sent into the dead network arrived"
    assert stored["items"]["loc"] is False, "and what was typed while it waited"
    assert stored["items"]["regions"] == ["arm"]
    assert [one["page"] for one in stored["history"]] == ["emergency_signs", "where"], "each page once"
    context.close()


@pytest.mark.capability("I19")
def test_a_lost_answer_to_an_emergency_still_shows_the_text(
    chromium: Browser, served: tuple[str, Clinic]
) -> None:
    """The save arrived, its answer did not: trying again shows the stop, and opens no second call-back."""
    context = chromium.new_context()
    visit = Visit(context, served[0])
    visit.start("en", given_name="Lost", phone="816-555-0137")
    visit.page.click("label[for='f-face_droop-true']")
    lost = {"left": 1}

    def drop_once(route: Any) -> None:
        if route.request.method == "POST" and lost["left"]:
            lost["left"] -= 1
            route.fetch(max_redirects=0)
            route.abort()
        else:
            route.continue_()

    visit.page.route("**/q/**", drop_once)
    visit.save()
    visit.page.wait_for_url("**/s/**", timeout=90_000)
    assert "Call 911" in visit.page.get_by_role("heading", level=1).inner_text()
    assert lost["left"] == 0
    (mine,) = served[1].sql("SELECT id, state FROM submission ORDER BY started_at DESC LIMIT 1")
    assert mine.state == "stopped"
    counts = "SELECT count(*) AS n FROM callback_task WHERE submission_id = :id"
    assert served[1].sql(counts, id=mine.id)[0].n == 1
    counts = "SELECT count(*) AS n FROM safety_notice WHERE submission_id = :id"
    assert served[1].sql(counts, id=mine.id)[0].n == 1
    context.close()

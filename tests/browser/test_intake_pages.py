"""Patient pages in a real browser: accessible, narrow, quiet on the network, and usable without a script."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from tests.conftest import DatabaseFactory
from tests.intake.conftest import Clinic, Keys, make_clinic, new_keys

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SHOTS = os.environ.get("INTAKE_SHOTS", "")


@pytest.fixture(scope="module")
def served(module_database: DatabaseFactory, session_redis_url: str) -> Iterator[tuple[str, Clinic]]:
    keys: Keys = new_keys()
    clinic = make_clinic(module_database("intake").app_url, session_redis_url, keys)
    server = make_server("127.0.0.1", 0, clinic.app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", clinic
    server.shutdown()
    clinic.parts.database.engine.dispose()


@pytest.fixture(scope="module")
def axe(repository: Path) -> str:
    return (repository / "node_modules/axe-core/axe.min.js").read_text()


class Visit:
    """One browser window on the pages; every page it looks at is checked."""

    def __init__(self, context: BrowserContext, base: str, axe: str) -> None:
        self.page: Page = context.new_page()
        self.base = base
        self.axe = axe
        self.hosts: set[str] = set()
        self.page.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))

    def open(self, path: str) -> None:
        self.page.goto(self.base + path)

    def check(self, name: str) -> None:
        if SHOTS:
            self.page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
        wider = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wider <= 0, f"{name} scrolls sideways by {wider} px"
        self.page.evaluate(self.axe)
        found: dict[str, Any] = self.page.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", RULES
        )
        problems = [(v["id"], [n["html"][:160] for n in v["nodes"][:3]]) for v in found["violations"]]
        assert problems == [], name

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
        self.page.click("#page-form button[type=submit]")

    @property
    def name(self) -> str:
        return self.page.url.rstrip("/").rpartition("/")[2]


@pytest.mark.parametrize("lang", ["en", "es"])
def test_every_page_is_accessible_at_320_px(
    chromium: Browser, served: tuple[str, Clinic], axe: str, lang: str
) -> None:
    context = chromium.new_context(viewport={"width": 320, "height": 700}, bypass_csp=True)
    visit = Visit(context, served[0], axe)
    visit.open(f"/intake/?lang={lang}")
    visit.check(f"{lang}_welcome")
    visit.open(f"/intake/start?lang={lang}")
    visit.page.click("main button[type=submit]")
    visit.check(f"{lang}_about_with_mistakes")
    visit.start(lang, phone="816-555-0131" if lang == "es" else "816-555-0130")
    seen = []
    while "/review/" not in visit.page.url:
        assert visit.name not in seen
        seen.append(visit.name)
        if visit.name == "where":
            visit.page.click("label[for=f-regions-head]")
        if visit.name == "warning_signs":
            visit.page.click("label[for=f-aura_symptoms-visual]")
        if visit.name == "mood":
            visit.page.click("label[for='f-phq9_1-LA6570-1']")
        visit.check(f"{lang}_{visit.name}")
        visit.save()
    assert {"mood_more", "warning_signs_more", "scalp_and_jaw", "medicines"} <= set(seen)
    visit.check(f"{lang}_review")
    visit.page.click("main form button[type=submit]")
    visit.check(f"{lang}_status")
    assert visit.hosts == {visit.base.split("/")[2]}, "no foreign host is asked"
    context.close()


def test_the_stop_is_loud_and_accessible(chromium: Browser, served: tuple[str, Clinic], axe: str) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    visit = Visit(context, served[0], axe)
    visit.start("en", given_name="Luis", phone="816-555-0132")
    visit.page.click("label[for='f-thunderclap-true']")
    visit.save()
    assert (
        visit.page.get_by_role("heading", level=1).inner_text() == "Call 911 or go to an emergency room now"
    )
    visit.check("en_stopped")
    context.close()


def test_the_whole_way_by_keyboard_without_a_script(chromium: Browser, served: tuple[str, Clinic]) -> None:
    context = chromium.new_context(java_script_enabled=False)
    visit = Visit(context, served[0], "")
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
    visit = Visit(context, served[0], "")
    visit.start("en", given_name="Lea", phone="816-555-0134")
    session = context.new_cdp_session(visit.page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    visit.page.reload(wait_until="networkidle")
    assert sum(sizes) <= 150_000, sum(sizes)
    context.close()

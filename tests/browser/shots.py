"""`make shots`: pictures of the main pages of a demo clinic into screenshots/; `--readme` renews the README's."""

import json
import re
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, Page

from local.places import ROOT
from tests.chromium import running_chromium
from tests.stack import RunningStack, running_stack

STAFF_PAGES = {
    "triage": "/staff/triage",
    "today": "/staff/today",
    "callbacks": "/staff/callbacks",
    "worklists": "/staff/worklists",
    "replies": "/staff/inbox",
    "sending": "/staff/messages",
    "protocol": "/staff/protocol",
}
DEMO_SECONDS = 120


def main() -> int:
    """Start a demo clinic, take the pictures, stop it; returns the exit code."""
    readme = "--readme" in sys.argv
    folder = ROOT / "docs" / "pictures" if readme else ROOT / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    with running_stack() as stack, running_chromium() as browser:
        _wait_for_demo(stack)
        if readme:
            _case(_staff(browser, stack), stack, folder / "case.png")
        else:
            _all_pages(browser, stack, folder)
    print(folder)
    return 0


def _wait_for_demo(stack: RunningStack) -> None:
    deadline = time.monotonic() + DEMO_SECONDS
    while not (stack.places.var / "demo.json").exists() and time.monotonic() < deadline:
        time.sleep(0.5)


def _staff(browser: Browser, stack: RunningStack) -> Page:
    logins = json.loads((stack.places.secrets / "demo_logins.json").read_text(encoding="utf-8"))
    nurse = next(login for login in logins if login["role"] == "nurse")
    page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
    page.goto(f"{stack.address}/staff/")
    page.fill("input[name=email]", nurse["email"])
    page.fill("input[name=password]", nurse["password"])
    page.keyboard.press("Enter")
    page.wait_for_selector("nav")
    return page


def _case(page: Page, stack: RunningStack, path: Path) -> None:
    """A booked cervicogenic headache: evidence, visit and messages on one page."""
    page.goto(f"{stack.address}/staff/worklists?state=booked")
    page.locator("tr[data-row]", has_text=re.compile("Physical therapy")).first.locator("a").first.click()
    page.wait_for_selector(".decision")
    page.screenshot(path=path)


def _all_pages(browser: Browser, stack: RunningStack, folder: Path) -> None:
    page = _staff(browser, stack)
    for name, address in STAFF_PAGES.items():
        page.goto(stack.address + address)
        page.screenshot(path=folder / f"staff-{name}.png")
    _case(page, stack, folder / "staff-case.png")
    phone = browser.new_context(viewport={"width": 360, "height": 740}).new_page()
    for name, address in {"front": "/", "intake": "/intake/", "phones": "/phone", "mail": "/mail"}.items():
        phone.goto(stack.address + address)
        phone.screenshot(path=folder / f"{name}.png")


if __name__ == "__main__":
    raise SystemExit(main())

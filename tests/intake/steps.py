"""Steps of a patient through the shipped questionnaire."""

from typing import Any

from tests.intake.conftest import Browser

MINIMUM: dict[str, dict[str, Any]] = {"where": {"regions": ["neck"]}}


def go_to(browser: Browser, token: str, page: str) -> Browser:
    return browser.open(f"/intake/q/{token}/{page}")


def send_all(browser: Browser, token: str) -> Browser:
    go_to(browser, token, "where").send(MINIMUM["where"])
    return browser.open(f"/intake/review/{token}").send()

"""A patient with a browser: fills each page of the questionnaire from what they would say, and sends it."""

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Locator, Page


@dataclass(frozen=True)
class Patient:
    """Who answers, in which language, and what they say; a yes/no question not in `says` is answered "no"."""

    given_name: str
    family_name: str
    birth_date: str
    phone: str
    email: str
    postcode: str
    language: str
    says: dict[str, Any] = field(default_factory=dict)


class PatientBrowser:
    """Drives the pages by their labels and names, never by position."""

    def __init__(self, page: Page, address: str, patient: Patient) -> None:
        self._page = page
        self._address = address
        self._patient = patient
        self.pages_seen: list[str] = []

    def start(self) -> None:
        """Choose the language and say who they are."""
        page, who = self._page, self._patient
        page.goto(f"{self._address}/intake/")
        page.locator(f'a[lang="{who.language}"]').click()
        for name in ("given_name", "family_name", "birth_date", "phone", "email", "postcode"):
            page.fill(f"#f-{name}", getattr(who, name))
        for way in ("sms", "email"):
            page.locator(f"label[for=consent-{way}]").click() if not page.is_checked(
                f"#consent-{way}"
            ) else None
        with page.expect_navigation():
            page.locator(".wm-next").click()

    def answer_all(self, limit: int = 60) -> None:
        """Answer page after page until the review page, or until the form stops."""
        for _ in range(limit):
            if self._page.locator("#page-form").count() == 0:
                return
            self.answer_page()
        raise AssertionError("the questionnaire does not end")

    def answer_page(self) -> None:
        """Answer what this page asks and go on."""
        page = self._page
        self.pages_seen.append(page.locator("h1").inner_text())
        for question in page.locator(".wm-question").all():
            # The answer before may have opened it, or closed it: then it is not there to be answered.
            page.wait_for_function("() => !document.querySelector('#page-form[data-asking]')")
            if question.is_visible():
                self._answer(question)
        before = page.url
        with page.expect_navigation():
            page.locator(".wm-next").click()
        assert page.url != before, page.locator("main").inner_text()

    def _answer(self, question: Locator) -> None:
        fields = question.locator("input:not([type=hidden]), select, textarea")
        first = fields.first
        name = first.get_attribute("name") or ""
        said = self._patient.says.get(name)
        kind = first.get_attribute("type") or first.evaluate("element => element.tagName.toLowerCase()")
        if kind == "radio":
            values = [one.get_attribute("value") for one in fields.all()]
            if said is None and "false" in values:
                said = False
            if said is not None:
                self._tick(question, name, str(said).lower() if isinstance(said, bool) else str(said))
        elif kind == "checkbox":
            for value in said or []:
                self._tick(question, name, str(value))
        elif kind == "file":
            if said is not None:
                first.set_input_files(said)
        elif kind == "select" and said is not None:
            first.select_option(str(said))
        elif said is not None:
            first.fill(str(said[0] if isinstance(said, tuple) else said))
            if isinstance(said, tuple):
                question.locator("select").select_option(said[1])

    def _tick(self, question: Locator, name: str, value: str) -> None:
        """As with a keyboard: go to the choice and press space."""
        question.locator(f'[id="f-{name}-{value}"]').focus()
        self._page.keyboard.press("Space")

    def send(self) -> None:
        """Send from the review page."""
        with self._page.expect_navigation():
            self._page.locator(".wm-next").click()

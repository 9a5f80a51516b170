"""A manager changes what messages say and when they go, in a real browser, against the real service."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.test_first_question_to_confirmed import staff_page
from tests.stack import RunningStack

pytestmark = pytest.mark.xdist_group("stack")


@pytest.fixture
def manager(stack: RunningStack, chromium: Browser) -> Page:
    return staff_page(chromium, stack, "manager")


def check(page: Page, words: str) -> str:
    """Type `words`, press Check, and return what the check says."""
    page.fill("textarea[name=body]", words)
    with page.expect_navigation():
        page.get_by_role("button", name="Check").click()
    return page.locator(".checks").inner_text()


@pytest.mark.capability("N15")
@pytest.mark.capability("N16")
@pytest.mark.capability("N17")
def test_words_are_checked_before_they_can_be_published(stack: RunningStack, manager: Page) -> None:
    manager.goto(f"{stack.address}/staff/texts")
    manager.locator("tr", has_text="We missed you").get_by_role("link").first.click()
    manager.goto(f"{stack.address}/staff/texts/missed_visit/sms/es")
    before = manager.locator("textarea[name=body]").input_value()
    said = check(manager, "{clinic_name}: no le vimos, llame al {phone_of_clinic}.")
    assert "Cannot be published" in said
    assert "no such placeholder phone_of_clinic" in said
    expect(manager.get_by_role("button", name=re.compile("Publish"))).to_be_disabled()
    assert "names an illness" in check(manager, "{clinic_name}: su cefalea, llame al {clinic_phone}.")
    said = check(manager, "{clinic_name}: " + "mucho texto " * 14 + "{clinic_phone}.")
    assert "2 segments" in said
    assert "longer than one text" in said
    said = check(
        manager, "{clinic_name}: no le vimos el {visit_day}. ¿Podría llamar al {clinic_phone}? STOP termina."
    )
    assert "letters that make a text dear í" in said
    with manager.expect_navigation():
        manager.get_by_role("button", name="Send without accents").click()
    plain = manager.locator("textarea[name=body]").input_value()
    assert "¿Podria llamar" in plain
    said = manager.locator(".checks").inner_text()
    assert "Can be published" in said
    assert "1 segment" in said
    assert "mié 30 sep" in manager.locator(".bubble").first.inner_text(), "counted with the dearest values"
    with manager.expect_navigation():
        manager.get_by_role("button", name=re.compile("Publish as version")).click()
    expect(manager.locator("textarea[name=body]")).to_have_value(plain)
    versions = manager.locator("details").all_inner_texts()
    assert len(versions) >= 2
    assert before != plain
    # A front desk may read, not write.
    desk = staff_page(manager.context.browser, stack, "front_desk") if manager.context.browser else manager
    desk.goto(f"{stack.address}/staff/texts/missed_visit/sms/es")
    expect(desk.locator("textarea[name=body]")).to_have_attribute("readonly", "")
    assert desk.get_by_role("button", name=re.compile("Publish")).count() == 0

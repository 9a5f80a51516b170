"""Two patients and the front desk: a cancelled visit is offered, claimed, and every message of the old ones says why."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.test_first_question_to_confirmed import staff_page
from tests.journeys.test_offer_by_text import Desk, eventually, opened
from tests.stack import RunningStack

HOLDER, WAITER = "+18165550186", "+18165550187"


def messages(page: Page, stack: RunningStack, referral: str) -> Any:
    """The messages of a case, once its page shows some."""
    page.goto(f"{stack.address}/staff/referrals/{referral}")
    return page.locator(".messages tbody tr")


@pytest.mark.capability("S11", "N5", "N21")
@pytest.mark.xdist_group("stack")
def test_a_claim_moves_the_later_visit_and_the_old_messages_say_why_they_did_not_go(
    stack: RunningStack, chromium: Browser
) -> None:
    desk = Desk(stack)
    holder, waiter = desk.ready_to_book(HOLDER), desk.ready_to_book(WAITER)
    early = desk.slots(7)[0]
    first, later = desk.book(holder, early), desk.book(waiter, desk.slots(21)[0])
    nurse = staff_page(chromium, stack, "nurse")
    nurse.set_default_timeout(30_000)
    nurse.goto(f"{stack.address}/staff/referrals/{waiter}")
    nurse.get_by_role("button", name="Wait for an earlier one").click()
    expect(nurse.locator(".notice--green")).to_contain_text("waiting list", timeout=30_000)
    eventually(lambda: messages(nurse, stack, waiter).count() >= 3, "the plan of the later visit")

    # The holder calls; the front desk cancels.
    nurse.goto(f"{stack.address}/staff/appointments/{first}/cancel")
    nurse.get_by_label("The patient cannot come").check()
    nurse.get_by_role("button", name="Cancel the visit").click()
    nurse.goto(f"{stack.address}/staff/waitlist")
    expect(nurse.locator(".board article").first).to_contain_text("Paola", timeout=30_000)

    # The text reaches the other phone, and its owner takes the time.
    phone = opened(chromium, desk.offer_link(WAITER))
    phone.get_by_role("button", name="Take this time").click()
    expect(phone.locator("h1")).to_have_text("This visit is yours", timeout=30_000)

    # One visit, at the earlier time; what was planned for the later one is withdrawn, and each line says why.
    visit = desk.hands.get("referral", f"/api/referral/v1/appointments/{later}").body
    assert (visit["starts_at"], visit["visit_version"], visit["state"]) == (early["starts_at"], 2, "booked")

    def withdrawn(referral: str, why: str) -> bool:
        rows = messages(nurse, stack, referral)
        said = [row.inner_text() for row in rows.all()]
        idle = [one for one in said if re.search("not sent|withdrawn", one, re.IGNORECASE)]
        assert all(re.search(r"because\s+\w", one) for one in idle), idle
        return sum(bool(re.search(rf"because\s+{why}", one)) for one in idle) >= 2

    eventually(
        lambda: withdrawn(waiter, "the visit was moved"),
        "the later visit's reminders withdrawn with their reason",
        120,
    )
    eventually(
        lambda: withdrawn(holder, "the visit was cancelled"),
        "the cancelled visit's reminders withdrawn with their reason",
    )
    nurse.goto(f"{stack.address}/staff/waitlist")
    expect(nurse.locator("main")).to_contain_text("Claimed")

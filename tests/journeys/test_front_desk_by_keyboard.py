"""The front desk with the phone in one hand: every deed of the schedule by keyboard, on a whole clinic."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys.test_first_question_to_confirmed import staff_page
from tests.journeys.test_offer_by_text import Desk, opened
from tests.stack import RunningStack

PHONE = "+18165550199"
MOST_TABS = 250
# Milliseconds a page may take on a machine that does much else.
PATIENT = 30_000


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until `wanted` has the focus, as somebody without a mouse does."""
    expect(wanted).to_be_visible(timeout=PATIENT)
    for _ in range(MOST_TABS):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("Tab never comes there")


def press(page: Page, wanted: Locator) -> None:
    tab_to(page, wanted)
    page.keyboard.press("Enter")


def key(page: Page, name: str) -> None:
    """Press a key of the page once the page listens: its script runs when all of it has been read."""
    page.wait_for_load_state()
    page.keyboard.press(name)


def go(page: Page, letter: str, title: str) -> None:
    key(page, "g")
    key(page, letter)
    expect(page.locator("h1")).to_contain_text(title, timeout=PATIENT)


def visit_of(desk: Desk, referral: str) -> dict[str, Any]:
    """The one visit of the referral, with what was changed of it."""
    (visit,) = desk.hands.get("referral", f"/api/referral/v1/referrals/{referral}").body["appointments"]
    return dict(desk.hands.get("referral", f"/api/referral/v1/appointments/{visit['id']}").body)


@pytest.mark.capability("S8")
@pytest.mark.xdist_group("stack")
def test_find_book_move_wait_cancel_and_look_without_a_mouse(stack: RunningStack, chromium: Browser) -> None:
    desk = Desk(stack)
    referral = desk.ready_to_book(PHONE)
    page = staff_page(chromium, stack, "front_desk")
    case = f"{stack.address}/staff/referrals/{referral}"
    page.goto(case)
    # Find a slot and book the first of the day after today: today's may pass while the test runs.
    key(page, "b")
    tomorrow = page.locator(".day", has_text=re.compile("tomorrow", re.IGNORECASE)).first
    press(page, tomorrow.locator("a.slot").first)
    # A key or Enter chooses; what is booked is shown with what speaks against it, and Enter books it.
    expect(page.get_by_role("button", name="Book the visit")).to_be_focused(timeout=PATIENT)
    key(page, "Enter")
    expect(page.locator(".notice--green")).to_contain_text("Booked")
    # Wait for an earlier one, see the list, take the patient off again.
    key(page, "e")
    expect(page.locator(".notice--green")).to_contain_text("waiting list")
    go(page, "l", "Waiting list")
    row = page.locator("tr", has_text=f"Waits-{PHONE[-3:]}")
    press(page, row.get_by_role("button", name="Take off"))
    expect(row).to_have_count(0)
    # Move from the day's list: the visit stays the one it was.
    booked = visit_of(desk, referral)
    go(page, "t", "Today")
    key(page, "]")
    day = page.locator("tr", has_text=f"Waits-{PHONE[-3:]}")
    press(page, day.locator("summary"))
    press(page, day.get_by_role("link", name="Move to another time"))
    press(page, page.locator(".day a.slot").nth(5))
    expect(page.get_by_role("button", name="Move the visit")).to_be_focused(timeout=PATIENT)
    key(page, "Enter")
    expect(page.locator(".notice--green")).to_contain_text(re.compile("moved", re.IGNORECASE))
    moved = visit_of(desk, referral)
    assert moved["starts_at"] != booked["starts_at"]
    assert moved["id"] == booked["id"]
    assert [change["kind"] for change in moved["changes"]] == ["book", "move"]
    # A link to the patient's status page, the worklists and the radar.
    page.goto(case)
    press(page, page.get_by_role("button", name="Link for the patient"))
    expect(page.locator("input[readonly]")).to_have_value(re.compile("/intake/s"))
    go(page, "w", "Worklists")
    go(page, "k", "Stuck")
    # They call again: found by name, moved to the next day there is, and cancelled, all from their case.
    go(page, "p", "Find a patient")
    page.keyboard.type(f"Waits-{PHONE[-3:]}")
    key(page, "Enter")
    expect(page.locator(".found a").first).to_be_focused(timeout=PATIENT)
    key(page, "Enter")
    expect(page.locator("h1")).to_contain_text(f"Waits-{PHONE[-3:]}", timeout=PATIENT)
    key(page, "o")
    expect(page.locator(".visit-deeds")).to_be_visible(timeout=PATIENT)
    key(page, "m")
    expect(page.locator(".day").nth(1)).to_be_visible(timeout=PATIENT)
    key(page, "j")
    key(page, "j")
    expect(page.locator(".day").nth(1).locator("a.slot").first).to_be_focused()
    key(page, "Enter")
    expect(page.get_by_role("button", name="Move the visit")).to_be_focused(timeout=PATIENT)
    key(page, "Enter")
    expect(page.locator(".notice--green")).to_contain_text("Moved", timeout=PATIENT)
    key(page, "z")
    expect(page.locator("input[name=reason_code]").first).to_be_focused(timeout=PATIENT)
    key(page, "Space")
    key(page, "Enter")
    expect(page.locator(".notice--green")).to_contain_text("to be booked again", timeout=PATIENT)
    expect(page.locator(".patient-state")).to_contain_text("To book")


@pytest.mark.capability("S11")
@pytest.mark.xdist_group("stack")
def test_offers_run_are_taken_and_stopped_without_a_mouse(stack: RunningStack, chromium: Browser) -> None:
    """Two visits are cancelled: one time goes to who calls, by the desk; the other to who opens their link."""
    desk = Desk(stack)
    holders = [desk.ready_to_book(f"+1816555017{n}") for n in (2, 3, 4)]
    # At a site this member of the front desk works for: of the others they are shown nothing.
    slots = [desk.slots(day, "lees_summit")[0] for day in (8, 15, 22)]
    visits = [desk.book(one, slot) for one, slot in zip(holders, slots, strict=True)]
    page = staff_page(chromium, stack, "front_desk")
    page.set_default_timeout(PATIENT)

    def wait(phone: str) -> str:
        referral = desk.ready_to_book(phone)
        page.goto(f"{stack.address}/staff/referrals/{referral}")
        key(page, "e")
        expect(page.locator(".notice--green")).to_contain_text("waiting list", timeout=PATIENT)
        return referral

    def cancel(visit: str, name: str) -> Locator:
        """Cancel a visit by keyboard; return the card of the offers it leads to, one of them to `name`."""
        page.goto(f"{stack.address}/staff/appointments/{visit}/cancel")
        tab_to(page, page.locator("input[name=reason_code]").first)
        key(page, "Space")
        press(page, page.get_by_role("button", name="Cancel the visit"))
        page.wait_for_url(re.compile("done=cancel"))
        go(page, "l", "Waiting list")
        card = page.locator(".board article", has_text=name)
        expect(card).to_have_count(1, timeout=PATIENT)
        return card

    calls, clicks, third = "+18165550194", "+18165550195", "+18165550196"
    taken = wait(calls)
    # They call: the desk sees who has the offer, and gives it to them.
    card = cancel(visits[0], "Waits-194")
    press(page, card.get_by_role("button", name=re.compile("They take it.*Waits-194")))
    expect(card).to_have_count(0, timeout=PATIENT)
    expect(page.locator("main")).to_contain_text("Claimed", timeout=PATIENT)
    assert visit_of(desk, taken)["state"] == "booked"

    # The next one has a phone with a keyboard, or a switch: their page needs no pointer either.
    clicked = wait(clicks)
    cancel(visits[1], "Waits-195")
    phone = opened(chromium, desk.offer_link(clicks))
    press(phone, phone.get_by_role("button", name="Take this time"))
    expect(phone.locator("h1")).to_have_text("This visit is yours", timeout=PATIENT)
    assert visit_of(desk, clicked)["state"] == "booked"

    # And one that is stopped: the slot is free again, who waits keeps their place.
    wait(third)
    card = cancel(visits[2], "Waits-196")
    press(page, card.get_by_role("button", name="Stop"))
    expect(card).to_have_count(0, timeout=PATIENT)
    expect(page.locator("main")).to_contain_text("Stopped", timeout=PATIENT)
    expect(page.locator("tr", has_text="Waits-196")).to_have_count(1, timeout=PATIENT)

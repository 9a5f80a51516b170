"""A cancelled visit's time reaches two waiting phones by text; one takes it on its page, the other is shown what is left."""

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from kernel.ids import new_id
from local.demo.hands import FRONT_DESK, NURSE, Hands
from local.demo.stories import STORIES
from tests.stack import RunningStack

BORN = "1984-05-14"
PHONES = ("+18165550181", "+18165550182", "+18165550183")


def eventually(look: Callable[[], Any], what: str, seconds: float = 45.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what}: nothing came within {seconds:.0f} s")


class Desk:
    """What front desk and nurse do, on the stack of this test."""

    def __init__(self, stack: RunningStack) -> None:
        self.hands = Hands(stack.settings)
        self.carrier = f"http://127.0.0.1:{stack.settings.ports['carrier']}/phone/api/messages"

    def ready_to_book(self, phone: str, language: str = "en", *, settled: bool = True) -> str:
        """A patient submitted and a nurse accepted; returns the referral's id.

        `settled`: the nurse has also asked what the few answers left open of warning signs.
        """
        sent = self.hands.submit(
            {
                "patient": {
                    "given_name": "Ana",
                    "family_name": f"Waits-{phone[-3:]}-{new_id().hex[-4:]}",
                    "birth_date": BORN,
                    "phone": phone,
                    "time_zone": "America/Chicago",
                },
                "language": language,
                "answers": STORIES["neck_pain"],
                "consent": {"sms": True, "email": False},
            }
        )

        def routed() -> dict[str, Any] | None:
            path = "/api/referral/v1/referrals"
            rows = self.hands.get("referral", path, patient_id=sent["patient_id"]).body["items"]
            return dict(rows[0]) if rows else None

        row = eventually(routed, "the referral")
        self.hands.do(
            "referral",
            f"/api/referral/v1/referrals/{row['id']}/accept",
            {"settled": row["open_warnings"] if settled else []},
            version=row["version"],
        )
        return str(row["id"])

    def slots(self, days_ahead: int, site: str = "paola") -> list[dict[str, Any]]:
        from_day = (self.hands.now() + timedelta(days=days_ahead)).date().isoformat()
        wanted = {"visit_type": "pt_evaluation", "site": site, "from": from_day, "limit": "50"}
        answer = self.hands.get("referral", "/api/referral/v1/slots", FRONT_DESK, **wanted)
        found: list[dict[str, Any]] = answer.body["items"]
        return found

    def book(self, referral: str, slot: dict[str, Any]) -> str:
        body = {
            "visit_type": "pt_evaluation",
            "provider_id": slot["provider_id"],
            "site_id": slot["site"],
            "starts_at": slot["starts_at"],
        }
        path = f"/api/referral/v1/referrals/{referral}/appointments"
        return str(self.hands.do("referral", path, body, actor=FRONT_DESK).body["id"])

    def cancel(self, appointment: str) -> None:
        visit = self.hands.get("referral", f"/api/referral/v1/appointments/{appointment}", FRONT_DESK).body
        self.hands.do(
            "referral",
            f"/api/referral/v1/appointments/{appointment}/cancel",
            {"reason_code": "patient_cannot_come"},
            version=visit["version"],
            actor=FRONT_DESK,
        )

    def texts(self, phone: str) -> list[str]:
        found = httpx.get(self.carrier, params={"phone": phone}).json()["messages"]
        return [message["body"] for message in found if message["direction"].startswith("outbound")]

    def offer_link(self, phone: str) -> str:
        def link() -> str | None:
            found = [re.search(r"http\S+/intake/o/\S+", text) for text in self.texts(phone)]
            return next((match[0] for match in found if match), None)

        return str(eventually(link, f"the offer to {phone}"))


def opened(chromium: Browser, link: str) -> Page:
    page = chromium.new_context(viewport={"width": 320, "height": 720}).new_page()
    page.goto(link)
    page.fill("#birth_date", "05/14/1984")
    page.locator("main button").click()
    return page


@pytest.mark.capability("S11")
@pytest.mark.xdist_group("stack")
def test_an_offer_goes_from_a_cancelled_visit_to_the_phone_and_back(
    stack: RunningStack, chromium: Browser
) -> None:
    desk = Desk(stack)
    holder, *waiting = (desk.ready_to_book(phone) for phone in PHONES)
    visit = desk.book(holder, desk.slots(6)[0])
    for referral in waiting:
        path = f"/api/referral/v1/referrals/{referral}/waitlist"
        desk.hands.do("referral", path, {"sites": ["paola"]}, actor=FRONT_DESK)
    desk.cancel(visit)
    links = [desk.offer_link(phone) for phone in PHONES[1:]]
    for phone in PHONES[1:]:
        (offer,) = (text for text in desk.texts(phone) if "/intake/o/" in text)
        assert len(offer) <= 160
    first, second = (opened(chromium, link) for link in links)
    expect(first.locator("h1")).to_have_text("A time came free for you")
    expect(second.locator("h1")).to_have_text("A time came free for you")
    assert first.evaluate("document.documentElement.scrollWidth") <= 320
    first.get_by_role("button", name="Take this time").click()
    expect(first.locator("h1")).to_have_text("This visit is yours")
    # The other one presses a moment later: told so, with what is free, and nothing was lost.
    second.get_by_role("button", name="Take this time").first.click()
    expect(second.locator("[role=alert]")).to_contain_text("Someone else was first")
    expect(second.locator("h1")).to_have_text("This time is taken")
    eventually(lambda: any("that time is taken" in t for t in desk.texts(PHONES[2])), "the loser's text")
    second.locator(".wm-other-time button").first.click()
    expect(second.locator("main")).to_contain_text("Your visit is booked")
    # Both are booked, and both got the usual confirmation.
    eventually(
        lambda: all(any("Reply C" in t for t in desk.texts(phone)) for phone in PHONES[1:]),
        "the confirmations",
    )
    entries = desk.hands.get("referral", "/api/referral/v1/waitlist", NURSE).body["items"]
    assert not {entry["referral_id"] for entry in entries} & set(waiting)
    assert not any("already" in t for t in desk.texts(PHONES[0]))

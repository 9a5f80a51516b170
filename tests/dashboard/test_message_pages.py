"""Staff pages about messages: sending, replies, what a patient wants to be written about."""

import re
from typing import Any

import pytest

from kernel.ids import new_id
from tests.dashboard.conftest import Dashboard
from tests.dashboard.test_pages import NECK


@pytest.fixture
def case(clinic: Dashboard) -> dict[str, Any]:
    return clinic.world.add_referral("Mara", "Ostrander", NECK)


@pytest.mark.capability("N9")
def test_what_a_patient_asks_on_the_phone_about_messages_is_written_down_and_done(
    clinic: Dashboard, case: dict[str, Any]
) -> None:
    patient = case["patient_id"]
    clinic.world.extra["intake", "GET", f"patients/{patient}"] = {"id": patient, **case["patient"]}
    refused = clinic.signed_in("front_desk").get(f"/staff/patients/{patient}").text
    assert "does not show this part" in refused
    assert "No number and no address." not in refused, "that is not known"
    contact = {"channel": "sms", "known": True, "opted_out": False, "dead": False, "topics": {"visit": True}}
    asked = {"deed": "stop", "how": "by_phone", "topics": ["waitlist"], "note": "no offers, please"}
    contact["requests"] = [asked | {"at": clinic.world.now.isoformat(), "by": "s"}]
    clinic.world.extra["notify", "GET", "contacts"] = {"items": [contact]}
    clinic.world.extra["notify", "POST", f"patients/{patient}/messages-request"] = {"patient_id": patient}
    browser = clinic.signed_in("front_desk")
    page = browser.get(f"/staff/patients/{patient}")
    assert "no offers, please" in page.text
    action = f"/staff/patients/{patient}/messages-request"
    fields = browser.form_fields(page, action) | {"how": "by_phone", "topic": "visit"}
    start = browser.post(action, fields | {"deed": "start", "note": ""})
    assert start.status_code == 422
    assert "Write down what they asked" in start.text
    assert browser.post(action, fields | {"deed": "stop", "note": "not at work"}).status_code == 303
    sent = [call for call in clinic.world.calls if call["method"] == "POST"][-1]
    assert sent["body"] == {
        "channel": "sms",
        "deed": "stop",
        "how": "by_phone",
        "note": "not at work",
        "topics": ["visit"],
    }
    assert action not in clinic.signed_in("therapist").get(f"/staff/patients/{patient}").text


@pytest.mark.capability("N18")
def test_the_sending_page_shows_a_dry_run_and_says_when_it_is_test_mode(clinic: Dashboard) -> None:
    until = clinic.world.now.isoformat()
    lines = [{"channel": "sms", "fate": "wait", "reason": "quiet_hours", "n": 7}]
    tried = {"until": until, "messages": 7, "lines": lines, "send_mode": "allow_list", "allowed": 3}
    clinic.world.extra["notify", "GET", "health-summary"] = {"due_now": 0, "oldest_due_seconds": None}
    clinic.world.extra["notify", "GET", "dry-run"] = tried
    page = clinic.signed_in("manager").get("/staff/messages").text
    assert "Test mode." in page
    assert "<b>7</b>" in page
    assert "Would wait" in page
    assert "because: quiet hours" in page


def test_one_click_answers_and_confirms_a_reply(clinic: Dashboard) -> None:
    reply = clinic.world.add_reply("Can my sister come with me?")
    reply["channel"], reply["patient_id"], reply["appointment_id"] = "sms", str(new_id()), str(new_id())
    browser = clinic.signed_in("front_desk")
    page = browser.get("/staff/inbox")
    keys = re.findall(r'name="key" value="([^"]+)"', page.text)
    assert len(set(keys)) == len(keys) == 4, "each deed is a press of its own"
    for deed, more in (("answer", {"text": "quick_bring_someone"}), ("confirm", {})):
        clinic.world.extra["notify", "POST", f"inbox/{reply['id']}/{deed}"] = {"id": reply["id"]}
        action = f"/staff/inbox/{reply['id']}/{deed}"
        fields = browser.form_fields(page, action)
        assert browser.post(action, {**fields, **more}).status_code == 303
        sent = [call for call in clinic.world.calls if call["method"] == "POST"][-1]
        assert (sent["path"], sent["body"]) == (f"/inbox/{reply['id']}/{deed}", more)
    assert (
        browser.post(f"/staff/inbox/{reply['id']}/answer", {**fields, "text": "free words"}).status_code
        == 422
    )

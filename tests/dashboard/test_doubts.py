"""Sends in doubt on the call list: by cause, closed together."""

from tests.dashboard.conftest import Dashboard
from tests.dashboard.test_lists import accept, last, offer


def test_sends_in_doubt_are_one_line_a_cause_and_closed_together_as_they_were_read(clinic: Dashboard) -> None:
    since = clinic.world.now.isoformat()
    group = {"code": "worker_lost", "channel": "email", "sends": 4053, "first_at": since, "last_at": since}
    offer(clinic, "notify", "call-list", [])
    offer(clinic, "notify", "call-list/doubts", [group | {"next_visit_at": None}])
    accept(clinic, "notify", "call-list/doubts/close")
    browser = clinic.signed_in("front_desk")
    page = browser.get("/staff/call-list")
    assert "<b>4053</b> e-mails" in page.text
    assert "the sending process ended meanwhile" in page.text
    assert "Nobody has to be called" not in page.text
    fields = browser.form_fields(page, "/staff/call-list/doubts/close")
    assert browser.post("/staff/call-list/doubts/close", fields).status_code == 303
    assert last(clinic) == (
        "/call-list/doubts/close",
        {"code": "worker_lost", "channel": "email", "seen_until": since, "outcome": "no_action_needed"},
    )

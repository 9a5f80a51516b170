"""One click on a reply: a text of the clinic's own words, or the yes it was."""

import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.context import Actor
from kernel.ids import new_id
from services.notify.actions.answer_reply import answer_reply
from services.notify.actions.confirm_by_staff import confirm_by_staff
from services.notify.rules.quick_texts import QUICK_TEXTS
from services.notify.texts.check_wording import check_wording
from tests.local.standins import until
from tests.notify.people import book, submit
from tests.notify.standing import TUESDAY_TEN, Standing
from tests.notify.test_hooks import PHONE, inbound

INBOX = "/api/notify/v1/inbox"
WAITS = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def deal(notify: Standing, deed: str, body: dict[str, str], which: int = 0) -> tuple[int, str]:
    item = notify.call("GET", INBOX).json()["items"][which]
    headers = {"If-Match": f'"{item["version"]}"', "Idempotency-Key": str(new_id())}
    answer = notify.call("POST", f"{INBOX}/{item['id']}/{deed}", "front_desk", body, **headers)
    return answer.status_code, answer.json().get("code", answer.json().get("state"))


@pytest.mark.capability("N10")
def test_a_reply_is_answered_in_the_patients_language_and_dealt_with_by_one_click(notify: Standing) -> None:
    visit = book(
        notify, submit(notify, language="es", email="", consent_email=False), TUESDAY_TEN + timedelta(days=9)
    )
    notify.send_due()
    assert inbound(notify, "¿puedo llevar a mi hija?") == 204
    assert deal(notify, "answer", {"text": "quick_unheard_of"})[0] == 422
    assert deal(notify, "answer", {"text": "quick_bring_someone"}) == (200, "closed")
    notify.send_due()
    assert "puede venir con alguien" in notify.texts_to(PHONE)[-1]
    (message,) = notify.messages(step="quick_bring_someone")
    assert (message.exempt, message.state in ("sent", "delivered")) == ("staff_answer", True)
    assert notify.rows("SELECT held_at FROM contact_point WHERE channel = 'sms'")[0].held_at is None
    audited = notify.rows("SELECT actor_id, reason FROM audit_entry WHERE action = 'answer_reply'")
    assert [(row.actor_id, row.reason) for row in audited] == [("staff-1", "quick_bring_someone")]
    # The same words twice a day would be a machine's; reminders of the visit go on.
    assert inbound(notify, "¿y mi hijo?") == 204
    assert deal(notify, "answer", {"text": "quick_bring_someone"}) == (409, "answered_today")
    assert notify.states(appointment_id=visit)["3_days", "sms"][0] == "due"


def test_staffs_answer_waits_for_the_morning_and_an_opt_out_stops_it(notify: Standing) -> None:
    book(notify, submit(notify, email="", consent_email=False), TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    night = TUESDAY_TEN + timedelta(hours=12)
    assert inbound(notify, "is there parking") == 204
    notify.set_clock(night)
    assert deal(notify, "answer", {"text": "quick_we_call"}) == (200, "closed")
    notify.send_due()
    assert len(notify.texts_to(PHONE)) == 1
    (message,) = notify.messages(step="quick_we_call")
    assert (message.state, message.reason) == ("due", "quiet_hours")
    assert inbound(notify, "STOP") == 204
    assert inbound(notify, "is anybody there") == 204
    assert deal(notify, "answer", {"text": "quick_call_us"}) == (409, "opted_out")
    notify.set_clock(night + timedelta(hours=12))
    notify.send_due()
    (message,) = notify.messages(step="quick_we_call")
    assert (message.state, message.reason) == ("suppressed", "opted_out")


@pytest.mark.capability("N10")
def test_staff_take_a_yes_for_a_yes_unless_the_visit_has_changed(notify: Standing) -> None:
    book(notify, submit(notify), TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    assert inbound(notify, "yes") == 204
    assert notify.rows("SELECT 1 FROM outbox_event WHERE type = 'reply_confirmed'") == []
    assert deal(notify, "confirm", {}) == (200, "closed")
    assert len(notify.rows("SELECT 1 FROM outbox_event WHERE type = 'reply_confirmed'")) == 1
    assert inbound(notify, "ok", sender="+18165550199") == 204
    assert deal(notify, "confirm", {}) == (409, "no_visit")
    assert deal(notify, "answer", {"text": "quick_we_call"}) == (409, "nobody_known")


@pytest.mark.capability("N10")
def test_two_members_of_staff_at_once_answer_or_confirm_a_reply_once(notify: Standing) -> None:
    book(notify, submit(notify), TUESDAY_TEN + timedelta(days=9))
    notify.send_due()

    def second(act: Callable[[Session, UUID], str], deed: str, body: dict[str, str]) -> tuple[int, str]:
        """What the second is told, who presses while the first's transaction is still open."""
        told: list[tuple[int, str]] = []
        with notify.store.transaction() as session:
            reply = session.execute(text("SELECT id FROM reply WHERE state = 'open'")).scalar_one()
            assert act(session, reply) == ""
            presses = threading.Thread(target=lambda: told.append(deal(notify, deed, body)))
            presses.start()
            until(lambda: bool(told) or notify.rows(WAITS) != [])
        presses.join()
        return told[0]

    staff = Actor("staff", "staff-2", role="nurse")
    assert inbound(notify, "is there parking") == 204
    assert second(
        lambda session, reply: answer_reply(session, staff, reply, "quick_we_call"),
        "answer",
        {"text": "quick_call_us"},
    ) == (409, "not_open")
    assert [row.step for row in notify.messages(exempt="staff_answer")] == ["quick_we_call"]
    assert inbound(notify, "yes") == 204
    assert second(lambda session, reply: confirm_by_staff(session, staff, reply), "confirm", {}) == (
        409,
        "not_open",
    )
    assert len(notify.rows("SELECT 1 FROM outbox_event WHERE type = 'reply_confirmed'")) == 1


def test_every_quick_text_is_one_segment_in_both_languages(notify: Standing) -> None:
    rows = notify.rows("SELECT name, language, body FROM message_template WHERE name LIKE 'quick%'")
    assert {row.name for row in rows} == set(QUICK_TEXTS)
    for row in rows:
        checked = check_wording("sms", row.language, "", row.body)
        assert checked.refusals == (), (row.name, row.language)

"""BAD-79 to 88, a row a test, against the service as it runs: what a provider, or somebody in its name, may send."""

import http.server
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from kernel.ids import new_id
from services.notify.rules.receipts import state_after
from tests.notify.people import book, submit
from tests.notify.standing import ACCOUNT, CLINIC_NUMBER, TUESDAY_TEN, Standing
from tests.notify.test_hooks import PHONE, hook, inbound, sent_message, state, status
from tests.servers import LOOK_UP_SECONDS


@pytest.fixture
def somewhere() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine and the addresses it was asked for: nothing of ours may ever call it."""
    asked: list[str] = []

    class Noting(http.server.BaseHTTPRequestHandler):
        def handle(self) -> None:
            asked.append(str(self.client_address))

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Noting)
    thread = threading.Thread(target=server.serve_forever, args=(LOOK_UP_SECONDS,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def outcome_of(notify: Standing, attempt: object) -> tuple[str, str]:
    """State and reason of the message of `attempt`."""
    (row,) = notify.rows(
        "SELECT m.state, m.reason FROM planned_message m JOIN send_attempt a ON a.message_id = m.id WHERE a.id = :a",
        a=attempt,
    )
    return row.state, row.reason


def test_bad_80_strange_statuses_and_codes_are_kept_and_nothing_is_guessed(notify: Standing) -> None:
    attempt, sid, visit = sent_message(notify)
    for word in ("teleported", "DELIVERED?", "", "x" * 200, "<b>"):
        assert status(notify, attempt, sid, word) == 204
    assert state(notify, visit) == "sent"
    assert all(state_after("sent", word) is None for word in ("teleported", "", "unknown"))
    for code in ("0", "abc", "-1", "9" * 40, "30003\n"):
        assert status(notify, attempt, sid, "sent", ErrorCode=code) == 204
    assert outcome_of(notify, attempt)[0] == "sent"
    kept = notify.rows("SELECT status, code, fate FROM receipt WHERE provider_message_id = :sid", sid=sid)
    assert {(row.status, row.fate) for row in kept} == {("sent", "stale"), ("teleported", "unmapped")}
    assert {row.code for row in kept} == {""}, "0 is no error, and what is no number is no code"
    assert status(notify, attempt, sid, "undelivered", ErrorCode="99999") == 204
    assert outcome_of(notify, attempt) == ("failed", "provider_99999")
    assert notify.rows("SELECT 1 FROM contact_point WHERE dead_at IS NOT NULL") == [], (
        "an unknown code kills no number"
    )


def test_bad_81_long_empty_and_picture_messages_are_kept_and_no_picture_is_fetched(
    notify: Standing, somewhere: tuple[str, list[str]]
) -> None:
    address, asked = somewhere
    book(notify, submit(notify, email="", consent_email=False), TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    pictures = {"NumMedia": "10"} | {f"MediaUrl{number}": f"{address}/{number}" for number in range(10)}
    fields = {"From": PHONE, "Body": ""} | pictures
    assert hook(notify, "/hooks/sms/inbound", fields | {"MessageSid": f"SM{new_id().hex}"}) == 204
    confirmed = fields | {"MessageSid": f"SM{new_id().hex}", "Body": "C"}
    assert hook(notify, "/hooks/sms/inbound", confirmed) == 204
    assert inbound(notify, "ñ" * 1600, sender="+18165550171") == 204
    assert inbound(notify, "y" * 1601, sender="+18165550172") == 204
    assert inbound(notify, "", sender="+18165550173") == 204
    notify.send_due()
    assert asked == []
    items = notify.call("GET", "/api/notify/v1/inbox").json()["items"]
    first, *others = sorted(items, key=lambda item: item["received_at"])
    assert (first["rule"], first["pictures"], first["text"]) == ("pictures_only", 10, "")
    assert first["held"], "a person has to ask what it shows before anything more is sent"
    assert [len(item["text"]) for item in others] == [1600, 1600, 0]
    assert len(notify.rows("SELECT 1 FROM outbox_event WHERE type = 'reply_confirmed'")) == 1, (
        "its words still count"
    )


def test_bad_82_machines_and_loops_get_one_answer_a_day(notify: Standing) -> None:
    for sender in ("87654", "SHOPNAME", "", "+1", "8165550142", "+1816555014x", CLINIC_NUMBER):
        assert inbound(notify, "HELP", sender=sender) == 204
    assert notify.rows("SELECT 1 FROM reply") == []
    submit(notify)
    # A machine at the other end: it answers each of our answers with what triggers the next.
    for minutes in range(0, 60, 3):
        notify.set_clock(TUESDAY_TEN + timedelta(minutes=minutes))
        assert inbound(notify, "HELP") == 204
        notify.send_due()
    assert len(notify.texts_to(PHONE)) == 1
    ours = notify.texts_to(PHONE)[0]
    for _ in range(3):
        assert inbound(notify, ours) == 204
        notify.send_due()
    assert len(notify.texts_to(PHONE)) == 1, "our own words sent back are no request"
    notify.set_clock(TUESDAY_TEN + timedelta(hours=24, minutes=1))
    assert inbound(notify, "HELP") == 204
    notify.send_due()
    assert len(notify.texts_to(PHONE)) == 2


@pytest.mark.capability("N9", "N10")
@pytest.mark.parametrize(
    ("words", "meaning", "event", "task"),
    [
        ("CANCEL", "opt_out", None, True),
        ("yes", "inbox", None, False),
        ("C", "confirm", "reply_confirmed", False),
        ("X!", "cannot_come", "reply_cannot_come", True),
        ("STOP please", "opt_out", None, False),
    ],
)
def test_bad_83_each_word_does_what_the_law_and_the_patient_mean(
    notify: Standing, words: str, meaning: str, event: str | None, task: bool
) -> None:
    visit = book(notify, submit(notify, email="", consent_email=False), TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    assert inbound(notify, words) == 204
    (reply,) = notify.rows("SELECT meaning, rule, state, appointment_id FROM reply")
    assert (reply.meaning, reply.appointment_id) == (meaning, visit)
    assert reply.rule, "the rule that fired is kept"
    (point,) = notify.rows("SELECT opted_out_at FROM contact_point")
    assert (point.opted_out_at is not None) is (meaning == "opt_out")
    told = [row.type for row in notify.rows("SELECT type FROM outbox_event WHERE type LIKE 'reply_%'")]
    assert told == ([event] if event else [])
    asked = notify.rows("SELECT appointment_id FROM staff_item WHERE kind = 'visit_question'")
    assert [row.appointment_id for row in asked] == ([visit] if task else [])
    assert (reply.state == "open") is (meaning == "inbox" or task)


def test_bad_84_a_message_id_used_again_changes_nothing_that_ended(notify: Standing) -> None:
    attempt, sid, visit = sent_message(notify)
    assert status(notify, attempt, sid, "delivered") == 204
    for word in ("failed", "undelivered", "sent", "queued", "delivered"):
        assert status(notify, attempt, sid, word, ErrorCode="30005") == 204
    assert state(notify, visit) == "delivered"
    assert notify.rows("SELECT 1 FROM contact_point WHERE dead_at IS NOT NULL") == []
    path, fields = f"/hooks/sms/status?a={attempt}", {"MessageSid": sid, "MessageStatus": "failed"}
    assert hook(notify, path, fields | {"AccountSid": "AC" + "9" * 32}) == 403
    assert ACCOUNT != "AC" + "9" * 32
    # The same id as an inbound text: it was here before, whatever it says now.
    assert inbound(notify, "C", sid="SM" + "b" * 32) == 204
    assert inbound(notify, "STOP", sid="SM" + "b" * 32) == 204
    assert len(notify.rows("SELECT 1 FROM reply")) == 1
    assert notify.rows("SELECT 1 FROM contact_point WHERE opted_out_at IS NOT NULL") == []


def test_bad_86_a_receipt_moved_to_another_attempt_is_refused(notify: Standing) -> None:
    attempt, sid, visit = sent_message(notify)
    signed = f"/hooks/sms/status?a={attempt}"
    fields = {"MessageSid": sid, "MessageStatus": "failed", "ErrorCode": "30005"}
    for tampered in (f"?a={new_id()}", "?a=", "", f"?a={attempt}&a={new_id()}", f"?b={attempt}"):
        path = f"/hooks/sms/status{tampered}"
        assert hook(notify, path, fields, signed_url=notify.base + signed) == 403
    assert state(notify, visit) == "sent"
    assert notify.rows("SELECT 1 FROM receipt") == []


def test_bad_87_no_address_anybody_names_is_called(
    notify: Standing, somewhere: tuple[str, list[str]]
) -> None:
    """The service takes no address to call from a caller: links in words are refused, those in messages are text."""
    address, asked = somewhere
    places = (address, "http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "http://localhost:22")
    for number, place in enumerate(places):
        body = {
            "name": "visit_reminder",
            "channel": "email",
            "language": "en",
            "subject": "Your visit",
            "body": f"{{clinic_name}}\n\n{place}/logo.png",
        }
        answer = notify.call(
            "POST", "/api/notify/v1/templates", "manager", body, **{"Idempotency-Key": f"link{number}"}
        )
        assert answer.status_code == 422, place
        assert place not in answer.text, "the value is not echoed"
        assert inbound(notify, f"look at {place}/me", sender=f"+1816555018{number}") == 204
        fields = {"MessageSid": f"SM{new_id().hex}", "From": "+18165550190", "Body": "hi", "MediaUrl0": place}
        assert hook(notify, "/hooks/sms/inbound", fields | {"NumMedia": "1"}) == 204
    notify.send_due()
    assert notify.call("GET", "/api/notify/v1/inbox").status_code == 200
    assert asked == []


def test_bad_88_words_that_cost_or_tell_too_much_are_refused_at_save(notify: Standing) -> None:
    def save(body: str, language: str = "en") -> tuple[int, set[str], dict[str, object]]:
        facts = {
            "name": "visit_reminder",
            "channel": "sms",
            "language": language,
            "subject": "",
            "body": body,
        }
        answer = notify.call(
            "POST", "/api/notify/v1/templates", "manager", facts, **{"Idempotency-Key": str(new_id())}
        )
        said = answer.json()
        return answer.status_code, {error["code"] for error in said.get("errors", [])}, said

    assert save("{clinic_name}: {diagnosis} {visit_day}")[:2] == (422, {"unknown_placeholder"})
    assert save("{clinic_name}: {route} {visit_day}")[:2] == (422, {"unknown_placeholder"})
    code, codes, _ = save("{clinic_name}: your migraine visit {visit_day}. STOP ends texts.")
    assert code == 422
    assert any(one.startswith("health_") for one in codes)
    assert save("{clinic_name}: " + "a" * 161)[1] == {"more_than_one_segment"}
    assert "outside_gsm_alphabet" in save("{clinic_name}: visita mañaná {visit_day} ✓", "es")[1]
    kept = "SELECT count(*) AS n FROM message_template WHERE published_by <> 'shipped' OR name = 'visit_reminder'"
    assert notify.rows(kept)[0].n == 4, "the two channels and languages of what was shipped, and nothing more"

"""What comes in from the provider: signed or refused, once or a hundred times, in any order, from anyone."""

import itertools
import json
import threading
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import text

from kernel.ids import new_id
from local.carrier.signature import webhook_signature
from services.notify.rules.receipts import state_after
from tests.notify.people import SITE, book, submit
from tests.notify.standing import ACCOUNT, CLINIC_NUMBER, TOKEN, TUESDAY_TEN, Standing

PHONE = "+18165550142"
# One client for all: making one reads the machine's certificates, which takes longer than most calls.
POSTS = httpx.Client(timeout=60, limits=httpx.Limits(max_connections=100), trust_env=False)


def hook(notify: Standing, path: str, fields: dict[str, str], **tamper: str) -> int:
    """Post a signed webhook; `tamper` sends another token, url, field or signature than was signed."""
    fields = {"AccountSid": ACCOUNT} | fields
    url = notify.base + path
    signature = webhook_signature(tamper.get("token", TOKEN), tamper.get("signed_url", url), fields)
    headers = {"X-Twilio-Signature": tamper.get("signature", signature)}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    if tamper.get("signature") == "":
        del headers["X-Twilio-Signature"]
    body = urlencode(list(fields.items())[:: -1 if tamper.get("order") else 1]) + tamper.get("added", "")
    return POSTS.post(url, content=body, headers=headers).status_code


def status(notify: Standing, attempt: object, sid: str, word: str, **more: str) -> int:
    fields = {"MessageSid": sid, "MessageStatus": word, **more}
    return hook(notify, f"/hooks/sms/status?a={attempt}", fields)


def inbound(notify: Standing, body: str, sender: str = PHONE, sid: str = "") -> int:
    return hook(
        notify, "/hooks/sms/inbound", {"MessageSid": sid or f"SM{new_id().hex}", "From": sender, "Body": body}
    )


def sent_message(notify: Standing) -> tuple[object, str, object]:
    """A text that was accepted and of which nothing was heard since: attempt id, provider id, visit."""
    notify.carrier.put("/carrier/faults", json={"mode": "callback_never"})
    visit = book(notify, submit(notify, email=""), TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    row = notify.rows("SELECT id, provider_message_id FROM send_attempt")[0]
    return row.id, row.provider_message_id, visit


def state(notify: Standing, visit: object) -> str:
    return notify.states(appointment_id=visit)["booked", "sms"][0]


@pytest.mark.fault("F37")
def test_only_the_providers_own_signature_is_taken(notify: Standing) -> None:
    """BAD-79."""
    attempt, sid, visit = sent_message(notify)
    path = f"/hooks/sms/status?a={attempt}"
    fields = {"MessageSid": sid, "MessageStatus": "delivered"}
    https = notify.base.replace("http:", "https:") + path
    assert hook(notify, path, fields, signature="") == 403
    assert hook(notify, path, fields, signature="x" * 28) == 403
    assert hook(notify, path, fields, token="another") == 403
    assert hook(notify, path, fields, signed_url=https) == 403
    assert hook(notify, path, fields, added="&Extra=1") == 403
    assert hook(notify, f"/hooks/sms/status?a={new_id()}", fields, signed_url=notify.base + path) == 403
    assert hook(notify, path, fields | {"AccountSid": "AC" + "0" * 32}) == 403
    assert state(notify, visit) == "sent"
    assert hook(notify, path, fields, order="reversed") == 204
    assert state(notify, visit) == "delivered"


@pytest.mark.fault("F37")
def test_ten_forged_reports_in_a_minute_alarm_staff_once(notify: Standing) -> None:
    path, fields = "/hooks/sms/status", {"MessageSid": "SM" + "a" * 32, "MessageStatus": "delivered"}
    health = "/api/notify/v1/health-summary"
    for number in range(9):
        wrong = path if number % 2 else "/hooks/sms/inbound"
        assert hook(notify, wrong, fields, token="another") == 403
    assert notify.call("GET", health).json()["forged_alarm"] is False
    assert notify.rows("SELECT 1 FROM staff_item") == []
    for _ in range(30):
        assert hook(notify, path, fields, token="another") == 403
    told = notify.call("GET", health).json()
    assert told["forged_alarm"] is True
    assert 20 <= told["refused_reports"] <= 39, "beyond the alarm they are written once a second"
    assert [row.kind for row in notify.rows("SELECT kind FROM staff_item")] == ["forged_reports"]
    assert notify.rows("SELECT 1 FROM receipt") == []


@pytest.mark.fault("F34")
@pytest.mark.capability("N6")
def test_a_receipt_a_hundred_times_in_parallel_changes_the_state_once(notify: Standing) -> None:
    attempt, sid, visit = sent_message(notify)
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(status(notify, attempt, sid, "delivered")))
        for _ in range(100)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) == {204}
    assert state(notify, visit) == "delivered"
    moves = notify.rows("SELECT 1 FROM message_move WHERE to_state = 'delivered'")
    assert len(moves) == 1


@pytest.mark.fault("F35")
@pytest.mark.capability("N6")
def test_in_every_order_of_five_receipts_the_state_never_goes_back() -> None:
    words = ("queued", "sending", "sent", "delivered", "read")
    for order in itertools.permutations(words):
        reached = "sending"
        seen = [reached]
        for word in order:
            reached = state_after(reached, word) or reached
            seen.append(reached)
        assert reached == "delivered"
        assert seen == sorted(seen, key=("sending", "sent", "delivered").index)
    for final in ("delivered", "failed", "suppressed", "expired"):
        assert all(state_after(final, word) is None for word in (*words, "undelivered", "failed"))


@pytest.mark.fault("F38")
def test_strange_statuses_and_other_peoples_messages_change_nothing(notify: Standing) -> None:
    attempt, sid, visit = sent_message(notify)
    assert status(notify, attempt, sid, "teleported", ErrorCode="abc") == 204
    assert status(notify, new_id(), "SM" + "f" * 32, "delivered") == 204
    assert status(notify, attempt, "SM" + "e" * 32, "delivered") == 204
    assert status(notify, "not-an-id", "SM" + "d" * 32, "failed", ErrorCode="99999") == 204
    assert state(notify, visit) == "sent"
    fates = {row.fate for row in notify.rows("SELECT fate FROM receipt")}
    assert fates == {"unmapped", "quarantined"}


@pytest.mark.capability("N10")
def test_texts_from_machines_strangers_and_ourselves_are_safe(notify: Standing) -> None:
    assert inbound(notify, "hello", sender=CLINIC_NUMBER) == 204
    assert inbound(notify, "hello", sender="87654") == 204
    assert inbound(notify, "SALE", sender="SHOPNAME") == 204
    assert notify.rows("SELECT 1 FROM reply") == []
    assert inbound(notify, "C", sender="+18165550199") == 204
    assert inbound(notify, "x" * 5000, sender="+18165550198") == 204
    assert inbound(notify, "", sender="+18165550197") == 204
    assert inbound(notify, "HELP", sender="+18165550199") == 204
    notify.send_due()
    assert notify.texts_to("+18165550199") == []
    items = notify.call("GET", "/api/notify/v1/inbox").json()["items"]
    assert items[0]["why_open"] == "no_visit"
    assert items[0]["patient_name"] is None
    assert len(items[1]["text"]) == 1600


@pytest.mark.capability("N10")
def test_a_reply_delivered_twice_is_one_reply(notify: Standing) -> None:
    book(notify, submit(notify), TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    for _ in range(3):
        assert inbound(notify, "C", sid="SM" + "a" * 32) == 204
    assert len(notify.rows("SELECT 1 FROM reply")) == 1
    assert len(notify.rows("SELECT 1 FROM outbox_event WHERE type = 'reply_confirmed'")) == 1


@pytest.mark.fault("F41")
@pytest.mark.capability("N10")
def test_two_people_on_one_phone_are_never_confused(notify: Standing) -> None:
    for hours in (0, 3):
        book(notify, submit(notify, email=""), TUESDAY_TEN + timedelta(days=9, hours=hours))
    notify.send_due()
    assert len(notify.texts_to(PHONE)) == 2
    assert inbound(notify, "C") == 204
    assert notify.rows("SELECT 1 FROM outbox_event WHERE type = 'reply_confirmed'") == []
    items = notify.call("GET", "/api/notify/v1/inbox").json()["items"]
    assert [(item["why_open"], item["patient_id"]) for item in items] == [("shared_number", None)]
    assert inbound(notify, "STOP") == 204
    told = notify.rows("SELECT 1 FROM planned_message WHERE state = 'due' AND step <> 'opt_out_confirmed'")
    assert told == []


@pytest.mark.fault("F40")
@pytest.mark.capability("N10")
def test_doubtful_words_hold_further_texts_until_staff_have_read_them(notify: Standing) -> None:
    visit = book(notify, submit(notify, email="", consent_email=False), TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    assert inbound(notify, "please don't text me at work") == 204
    notify.set_clock(TUESDAY_TEN + timedelta(days=6, minutes=1))
    notify.send_due()
    assert notify.states(appointment_id=visit)["3_days", "sms"] == ("held", "reply_waits_for_staff")
    item = notify.call("GET", "/api/notify/v1/inbox").json()["items"][0]
    assert (item["rule"], item["held"]) == ("free_text_opt_out", True)
    close = f"/api/notify/v1/inbox/{item['id']}/close"
    body = {"outcome": "texts_are_fine"}
    assert notify.call("POST", close, body=body, **{"Idempotency-Key": "k0"}).status_code == 428
    stale = {"If-Match": '"7"', "Idempotency-Key": "k1"}
    assert notify.call("POST", close, body=body, **stale).status_code == 412
    good = {"If-Match": '"1"', "Idempotency-Key": "k2"}
    assert notify.call("POST", close, body=body, **good).json()["state"] == "closed"
    notify.send_due()
    assert notify.states(appointment_id=visit)["3_days", "sms"][0] in ("sent", "delivered")


@pytest.mark.capability("N9")
def test_cancel_opts_out_and_asks_staff_about_the_visit(notify: Standing) -> None:
    visit = book(notify, submit(notify), TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    assert inbound(notify, "CANCEL") == 204
    point = notify.rows("SELECT opted_out_at FROM contact_point WHERE channel = 'sms'")[0]
    assert point.opted_out_at is not None
    items = notify.rows("SELECT kind, code, appointment_id FROM staff_item")
    assert [(row.kind, row.appointment_id) for row in items] == [("visit_question", visit)]
    audited = notify.rows("SELECT 1 FROM audit_entry WHERE action = 'contact_opted_out'")
    assert len(audited) == 1


@pytest.mark.fault("F40")
@pytest.mark.capability("N9", "N10")
def test_the_corpus_end_to_end_opts_out_exactly_those_it_should(notify: Standing) -> None:
    lines = (Path(__file__).parent / "replies_corpus.jsonl").read_text(encoding="utf-8").splitlines()
    corpus = [json.loads(line) for line in lines]
    assert len(corpus) >= 300
    for number, case in enumerate(corpus):
        assert inbound(notify, case["text"], sender=f"+1913555{number:04d}") == 204
    out = notify.rows(
        "SELECT r.text_sealed, r.id, r.meaning, c.opted_out_at FROM reply r"
        " JOIN contact_point c ON c.id = r.contact_point_id ORDER BY r.id"
    )
    assert len(out) == len(corpus)
    wrong = [
        case["text"]
        for case, row in zip(corpus, out, strict=True)
        if case["language"] == "en" and (row.opted_out_at is not None) != (case["meaning"] == "opt_out")
    ]
    assert wrong == []


def test_a_row_that_cannot_be_read_is_shown_as_such_and_the_rest_of_the_list_stays(notify: Standing) -> None:
    book(notify, submit(notify), TUESDAY_TEN + timedelta(days=9))
    book(notify, submit(notify, phone="+18165550143"), TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    for phone, words in ((PHONE, "may I bring my son"), ("+18165550143", "X")):
        assert inbound(notify, words, sender=phone) == 204
    with notify.store.transaction() as session:
        damaged = "SELECT contact_point_id FROM reply WHERE meaning = 'cannot_come'"
        session.execute(text(f"UPDATE contact_point SET address_sealed = 'damaged' WHERE id = ({damaged})"))
    for path in ("/inbox", "/call-list"):
        answer = notify.call("GET", f"/api/notify/v1{path}")
        assert answer.status_code == 200, path
        items = answer.json()["items"]
        (bad,) = [item for item in items if "address" in item["unreadable"]]
        assert bad["address"] is None
        assert bad["patient_name"] == "Rosa Ñandú"
        assert all(item["address"] for item in items if not item["unreadable"])
    assert notify.call("GET", f"/api/notify/v1/call-list/{bad['id']}").status_code == 200


def test_a_message_that_cannot_be_read_is_shown_as_such_and_stops_no_other(notify: Standing) -> None:
    patient = submit(notify)
    visit = book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    with notify.store.transaction() as session:
        damage = (
            "UPDATE planned_message SET text_sealed = 'damaged' WHERE step = 'booked' AND channel = 'sms'"
        )
        session.execute(text(damage))
        # A reminder whose own facts are damaged, due beside a sound one.
        session.execute(text("UPDATE planned_message SET about_sealed = 'damaged' WHERE step = '3_days'"))
    log = f"/api/notify/v1/messages?patient_id={patient}"
    answer = notify.call("GET", log)
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    bad = [item for item in items if item["unreadable"]]
    assert {item["step"] for item in bad} == {"booked", "3_days"}
    assert all(item["text"] is None for item in bad)
    assert any(item["text"] for item in items if not item["unreadable"])
    other = book(notify, submit(notify, phone="+18165550143"), TUESDAY_TEN + timedelta(days=9))
    notify.set_clock(TUESDAY_TEN + timedelta(days=6, minutes=1))
    notify.send_due()
    assert notify.states(appointment_id=visit)["3_days", "sms"] == ("failed", "unreadable")
    assert notify.states(appointment_id=other)["3_days", "sms"][0] in ("sent", "delivered")


def test_staff_limited_to_a_site_see_its_replies_calls_and_messages_only(notify: Standing) -> None:
    paola = SITE.model_copy(update={"id": "paola", "name": "Paola"})
    here, there = submit(notify), submit(notify, phone="+18165550143")
    book(notify, here, TUESDAY_TEN + timedelta(days=9))
    book(notify, there, TUESDAY_TEN + timedelta(days=9), site=paola)
    notify.send_due()
    for phone in (PHONE, "+18165550143"):
        assert inbound(notify, "X", sender=phone) == 204
    assert inbound(notify, "hello?", sender="+18165550199") == 204
    for path in ("/inbox", "/call-list"):
        everything = notify.call("GET", f"/api/notify/v1{path}").json()["items"]
        mine = notify.call("GET", f"/api/notify/v1{path}", "nurse@paola").json()["items"]
        assert str(here) in {item["patient_id"] for item in everything}
        # An unknown number belongs to no site: nobody would see it if they did not.
        assert {item["patient_id"] for item in mine} - {None} == {str(there)}
        (other,) = [item for item in everything if item["patient_id"] == str(here)]
        assert notify.call("GET", f"/api/notify/v1{path}/{other['id']}", "nurse@paola").status_code == 404
        headers = {"If-Match": '"1"', "Idempotency-Key": str(new_id())}
        answer = notify.call(
            "POST",
            f"/api/notify/v1{path}/{other['id']}/close",
            "nurse@paola",
            {"outcome": "done"},
            **headers,
        )
        assert answer.status_code == 404
    log = f"/api/notify/v1/messages?patient_id={here}"
    assert notify.call("GET", log, "nurse@paola").json()["items"] == []
    assert len(notify.call("GET", log, "nurse@overland_park,leawood").json()["items"]) > 3

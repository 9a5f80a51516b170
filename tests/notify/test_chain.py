"""Text, e-mail, call: one chain a step, nobody contacted twice, and a person where nothing else is left."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.local.standins import until
from tests.notify.people import book, move, submit
from tests.notify.standing import TUESDAY_TEN, Standing
from tests.notify.test_hooks import status

PHONE = "+18165550142"
IN_NINE_DAYS = TUESDAY_TEN + timedelta(days=9)


def at_the_three_day_reminder(notify: Standing) -> None:
    notify.set_clock(TUESDAY_TEN + timedelta(days=6, minutes=1))


@pytest.mark.capability("N13")
def test_an_undelivered_reminder_goes_by_mail_and_then_to_the_call_list(notify: Standing) -> None:
    visit = book(notify, submit(notify), IN_NINE_DAYS)
    notify.send_due()
    notify.carrier.put("/carrier/faults", json={"mode": "undelivered", "code": 30005})
    at_the_three_day_reminder(notify)
    notify.send_due()
    until(lambda: notify.states(appointment_id=visit)["3_days", "sms"][0] == "failed")
    assert notify.states(appointment_id=visit)["3_days", "email"] == ("due", "after_sms")
    notify.send_due()
    assert notify.states(appointment_id=visit)["3_days", "email"][0] == "sent"
    assert len(notify.mails_to("rosa@example.test")) == 2
    assert [row.kind for row in notify.rows("SELECT kind FROM staff_item")] == ["number_dead"]


UNREACHED = {"mode": "undelivered", "code": 30008}


@pytest.mark.capability("N13")
def test_each_link_takes_over_once_and_only_when_the_one_before_reached_nobody(notify: Standing) -> None:
    """A text that fails for an unknown reason says nothing of the number: each step is tried by text again."""
    patient = submit(notify)
    visit = book(notify, patient, IN_NINE_DAYS)
    notify.carrier.put("/carrier/faults", json=UNREACHED)
    notify.send_due()
    until(lambda: notify.states(appointment_id=visit)["booked", "sms"] == ("failed", "provider_30008"))
    asked = "SELECT kind, appointment_id FROM staff_item"
    assert notify.rows(asked) == [], "the letter has said it"
    at_the_three_day_reminder(notify)
    notify.send_due()
    until(lambda: notify.states(appointment_id=visit)["3_days", "sms"][0] == "failed")
    # What follows a failure stays, though the number may be used again.
    submit(notify, patient_id=patient)
    assert notify.states(appointment_id=visit)["3_days", "email"] == ("due", "after_sms")
    with notify.store.transaction() as session:
        session.execute(text("UPDATE consent SET given = false WHERE channel = 'email'"))
    notify.send_due()
    assert notify.states(appointment_id=visit)["3_days", "email"] == ("suppressed", "no_consent")
    assert [tuple(row) for row in notify.rows(asked)] == [("call_patient", visit)]


@pytest.mark.capability("N13")
def test_without_a_letter_a_person_calls_once_a_visit_and_not_about_what_is_over(notify: Standing) -> None:
    patient = submit(notify, email="", consent_email=False)
    visit = book(notify, patient, IN_NINE_DAYS)
    notify.carrier.put("/carrier/faults", json={"mode": "callback_never"})
    notify.send_due()

    def failed(step: str) -> None:
        (row,) = notify.messages(appointment_id=visit, step=step, channel="sms")
        sent = "SELECT provider_message_id AS sid FROM send_attempt WHERE id = :id"
        (attempt,) = notify.rows(sent, id=row.attempt_id)
        assert status(notify, row.attempt_id, attempt.sid, "undelivered", ErrorCode="30008") == 204
        assert notify.states(appointment_id=visit)[step, "sms"] == ("failed", "provider_30008")

    def asked() -> list[tuple[str, str]]:
        return [tuple(row) for row in notify.rows("SELECT kind, code FROM staff_item")]

    at_the_three_day_reminder(notify)
    notify.send_due()
    failed("3_days")
    assert notify.states(appointment_id=visit)["3_days", "email"] == ("suppressed", "no_contact")
    assert asked() == [("call_patient", "provider_30008")]
    notify.set_clock(TUESDAY_TEN + timedelta(days=8, minutes=1))
    notify.send_due()
    # After the visit, or of a time that has been moved, nothing is worth a letter or a call.
    notify.set_clock(IN_NINE_DAYS)
    failed("1_day")
    assert ("1_day", "email") not in notify.states(appointment_id=visit)
    assert asked() == [("call_patient", "provider_30008")]
    other = submit(notify, phone="+18165550149", email="", consent_email=False)
    visit = book(notify, other, TUESDAY_TEN + timedelta(days=20))
    notify.send_due()
    move(notify, other, visit, TUESDAY_TEN + timedelta(days=30))
    failed("booked")
    assert asked() == [("call_patient", "provider_30008")]


@pytest.mark.capability("N13")
def test_what_a_text_may_have_said_no_letter_says_again_after_a_stop(notify: Standing) -> None:
    visit = book(notify, submit(notify), IN_NINE_DAYS)
    notify.send_due()
    notify.carrier.put("/carrier/faults", json=[{"mode": "error_500_after"}, {"mode": "callback_never"}])
    at_the_three_day_reminder(notify)
    notify.send_due()
    assert notify.states(appointment_id=visit)["3_days", "sms"][0] == "unknown"
    assert notify.reply(PHONE, "STOP") == 204
    states = notify.states(appointment_id=visit)
    assert states["1_day", "email"] == ("due", "")
    assert ("3_days", "email") not in states


@pytest.mark.capability("N8", "N13")
def test_a_dead_number_stops_at_once_and_a_new_one_plans_the_visit_again(notify: Standing) -> None:
    patient = submit(notify, email="", consent_email=False)
    visit = book(notify, patient, IN_NINE_DAYS)
    notify.carrier.put("/carrier/faults", json={"mode": "reject", "code": 21211, "count": 1})
    notify.send_due()
    assert notify.states(appointment_id=visit)["booked", "sms"] == ("failed", "provider_21211")
    at_the_three_day_reminder(notify)
    notify.send_due()
    assert notify.states(appointment_id=visit)["3_days", "sms"] == ("suppressed", "number_dead")
    items = notify.call("GET", "/api/notify/v1/call-list", role="front_desk").json()["items"]
    assert [item["kind"] for item in items] == ["number_dead"]
    assert items[0]["patient_name"] == "Rosa Ñandú"
    assert items[0]["visit_starts_at"] is not None
    (following,) = notify.messages(appointment_id=visit, step="1_day")
    assert items[0]["next_message_due_at"] == following.due_at.isoformat()

    item = items[0]
    answer = notify.call(
        "POST",
        f"/api/notify/v1/call-list/{item['id']}/close",
        role="front_desk",
        body={"outcome": "new_number", "phone": "+19135550177"},
        **{"If-Match": '"1"', "Idempotency-Key": "close-1"},
    )
    assert (answer.status_code, answer.json()["state"]) == (200, "closed")
    notify.set_clock(TUESDAY_TEN + timedelta(days=8, minutes=1))
    notify.send_due()
    assert notify.states(appointment_id=visit)["1_day", "sms"][0] in ("sent", "delivered")
    assert len(notify.texts_to("+19135550177")) == 1
    assert notify.texts_to(PHONE) == []


@pytest.mark.capability("N12", "N13")
def test_a_number_refused_hands_this_reminder_and_every_later_one_to_the_letter_in_its_language(
    notify: Standing,
) -> None:
    visit = book(notify, submit(notify, language="es-MX"), IN_NINE_DAYS)
    notify.send_due()
    notify.carrier.put("/carrier/faults", json={"mode": "reject", "code": 21211, "count": 1})
    letters = len(notify.mails_to("rosa@example.test"))
    for step, day, state in (
        ("3_days", 6, ("failed", "provider_21211")),
        ("1_day", 8, ("suppressed", "number_dead")),
    ):
        notify.set_clock(TUESDAY_TEN + timedelta(days=day, minutes=1))
        notify.send_due()
        assert notify.states(appointment_id=visit)[step, "sms"] == state
        (letter,) = notify.messages(appointment_id=visit, step=step, channel="email")
        assert (letter.state, letter.language, letter.language_note) == ("sent", "es", ""), step
    first, second = notify.mails_to("rosa@example.test")[letters:]
    for mail in (first, second):
        assert "jueves 11 de marzo" in mail["text"]
        assert "Primera visita" in mail["text"]


@pytest.mark.capability("N13", "N20")
def test_without_any_channel_the_visit_is_on_the_call_list_from_the_start(notify: Standing) -> None:
    patient = submit(notify, consent_sms=False, consent_email=False)
    visit = book(notify, patient, IN_NINE_DAYS)
    assert set(notify.states(appointment_id=visit).values()) >= {("suppressed", "no_consent")}
    items = notify.rows("SELECT id, kind, code FROM staff_item")
    assert [(row.kind, row.code) for row in items] == [("call_patient", "no_consent")]
    # Who was reached has been spoken with; who was not, has not.
    spoken = "SELECT told_by_staff_at FROM patient WHERE told_by_staff_at IS NOT NULL"
    for outcome, talks in (("not_reached", 0), ("reached", 1)):
        with notify.store.transaction() as session:
            session.execute(text("UPDATE staff_item SET state = 'open', version = 1"))
        closed = notify.call(
            "POST",
            f"/api/notify/v1/call-list/{items[0].id}/close",
            role="front_desk",
            body={"outcome": outcome},
            **{"If-Match": '"1"', "Idempotency-Key": outcome},
        )
        assert (closed.status_code, len(notify.rows(spoken))) == (200, talks), outcome


@pytest.mark.capability("N13")
def test_who_has_no_phone_gets_each_reminder_once_by_mail(notify: Standing) -> None:
    visit = book(notify, submit(notify, phone=""), IN_NINE_DAYS)
    states = notify.states(appointment_id=visit)
    assert states["3_days", "sms"] == ("suppressed", "no_contact")
    assert states["3_days", "email"][0] == "due"
    submit(notify, patient_id=notify.messages(appointment_id=visit)[0].patient_id)
    states = notify.states(appointment_id=visit)
    assert states["3_days", "sms"][0] == "due"
    assert states["3_days", "email"] == ("suppressed", "other_channel")


@pytest.mark.capability("N20")
def test_a_call_by_staff_suppresses_the_reminder_and_says_so(notify: Standing) -> None:
    patient = submit(notify)
    visit = book(notify, patient, IN_NINE_DAYS)
    notify.send_due()
    at_the_three_day_reminder(notify)
    spoken = f"/api/notify/v1/patients/{patient}/spoken"
    key = {"Idempotency-Key": "spoken-1"}
    contacts = f"/api/notify/v1/contacts?patient_id={patient}"
    assert {one["staff_spoke_at"] for one in notify.call("GET", contacts).json()["items"]} == {None}
    assert notify.call("POST", spoken, role="front_desk", body={}, **key).status_code == 200
    assert None not in {one["staff_spoke_at"] for one in notify.call("GET", contacts).json()["items"]}
    notify.send_due()
    assert notify.states(appointment_id=visit)["3_days", "sms"] == ("suppressed", "staff_spoke_with_patient")
    log = notify.call("GET", f"/api/notify/v1/messages?appointment_id={visit}", role="front_desk").json()[
        "items"
    ]
    assert ("3_days", "suppressed", "staff_spoke_with_patient") in [
        (item["step"], item["state"], item["reason"]) for item in log
    ]
    assert "text" not in log[0]


@pytest.mark.capability("N9", "N13")
def test_after_a_stop_by_text_the_letters_take_over_and_nothing_is_said_twice(notify: Standing) -> None:
    """Each channel has its own consent. What a text has said already no letter says again, nor the other way round."""
    visit = book(notify, submit(notify), IN_NINE_DAYS)
    at_the_three_day_reminder(notify)
    notify.send_due()
    until(lambda: notify.states(appointment_id=visit)["3_days", "sms"][0] == "delivered")
    letters = len(notify.mails_to("rosa@example.test"))
    assert notify.reply(PHONE, "STOP") == 204
    states = notify.states(appointment_id=visit)
    assert states["1_day", "sms"] == ("suppressed", "opted_out")
    assert states["1_day", "email"] == ("due", "")
    assert ("3_days", "email") not in states
    notify.set_clock(TUESDAY_TEN + timedelta(days=8, minutes=1))
    notify.send_due()
    assert notify.states(appointment_id=visit)["1_day", "email"][0] == "sent"
    assert len(notify.mails_to("rosa@example.test")) == letters + 1
    assert notify.reply(PHONE, "START") == 204
    states = notify.states(appointment_id=visit)
    assert states["1_day", "sms"] == ("suppressed", "opted_out"), "the letter has said it"
    assert notify.rows("SELECT 1 FROM staff_item") == []


@pytest.mark.capability("N9", "N13")
def test_who_stops_texts_and_has_no_address_is_put_on_the_call_list(notify: Standing) -> None:
    book(notify, submit(notify, email="", consent_email=False), IN_NINE_DAYS)
    notify.send_due()
    assert notify.reply(PHONE, "STOP") == 204
    items = notify.rows("SELECT kind, code FROM staff_item")
    assert [(row.kind, row.code) for row in items] == [("call_patient", "opted_out")]


@pytest.mark.capability("N9")
def test_a_stop_said_to_the_carrier_itself_is_a_stop_here(notify: Standing) -> None:
    """Code 21610: the carrier blocks the number for us. Staff see the badge, and nothing more is tried."""
    patient = submit(notify)
    visit = book(notify, patient, IN_NINE_DAYS)
    notify.carrier.put("/carrier/faults", json={"mode": "reject", "code": 21610, "count": 1})
    notify.send_due()
    states = notify.states(appointment_id=visit)
    assert states["booked", "sms"] == ("failed", "provider_21610")
    assert states["1_day", "sms"] == ("suppressed", "opted_out")
    assert states["1_day", "email"] == ("due", "")
    seen = notify.call("GET", f"/api/notify/v1/contacts?patient_id={patient}", role="front_desk").json()[
        "items"
    ]
    assert [(one["channel"], one["opted_out"]) for one in seen] == [("sms", True), ("email", False)]
    assert len(notify.rows("SELECT 1 FROM outbox_event WHERE type = 'contact_opted_out'")) == 1
    assert notify.rows("SELECT 1 FROM contact_point WHERE dead_at IS NOT NULL") == []


@pytest.mark.capability("N9")
def test_a_stop_the_carrier_reports_after_taking_the_text_is_a_stop_once(notify: Standing) -> None:
    """Code 21610 by callback: as good as at once; the same report again, after a START, stops nothing."""
    visit = book(notify, submit(notify), IN_NINE_DAYS)
    notify.carrier.put("/carrier/faults", json={"mode": "undelivered", "code": 21610, "count": 1})
    notify.send_due()
    until(lambda: notify.states(appointment_id=visit)["booked", "sms"] == ("failed", "provider_21610"))
    states = notify.states(appointment_id=visit)
    assert states["1_day", "sms"] == ("suppressed", "opted_out")
    assert states["1_day", "email"] == ("due", "")
    (point,) = notify.rows("SELECT opted_out_by, dead_at FROM contact_point WHERE channel = 'sms'")
    assert (point.opted_out_by, point.dead_at) == ("carrier_21610", None)
    told = "SELECT 1 FROM outbox_event WHERE type = 'contact_opted_out'"
    assert len(notify.rows(told)) == 1
    assert notify.reply(PHONE, "START") == 204
    (sent,) = notify.rows(
        "SELECT a.id, a.provider_message_id AS sid FROM send_attempt a JOIN planned_message m ON m.id = a.message_id"
        " WHERE m.channel = 'sms' AND m.step = 'booked'"
    )
    assert status(notify, sent.id, sent.sid, "undelivered", ErrorCode="21610") == 204
    assert notify.rows("SELECT 1 FROM contact_point WHERE opted_out_at IS NOT NULL") == []
    assert len(notify.rows(told)) == 1


@pytest.mark.capability("N8")
def test_a_dead_number_whose_owner_writes_from_it_lives_and_a_stop_stays_a_stop(notify: Standing) -> None:
    visit = book(notify, submit(notify, email="", consent_email=False), IN_NINE_DAYS)
    fault = {"mode": "reject", "code": 21614, "count": 1}
    notify.carrier.put("/carrier/faults", json=fault)
    notify.send_due()
    dead = "SELECT dead_code FROM contact_point WHERE dead_at IS NOT NULL"
    items = "SELECT state, outcome FROM staff_item WHERE kind = 'number_dead'"
    assert [row.dead_code for row in notify.rows(dead)] == ["21614"]
    assert notify.reply(PHONE, "Automatic reply: I am out of the office") == 204
    assert len(notify.rows(dead)) == 1, "a machine's answer shows nothing about its reader"
    assert notify.reply(PHONE, "C") == 204
    assert notify.rows(dead) == []
    assert [tuple(row) for row in notify.rows(items)] == [("closed", "number_lives")]
    entries = notify.rows("SELECT actor_id, reason FROM audit_entry WHERE action = 'revive_contact'")
    assert [tuple(row) for row in entries] == [("notify", "wrote_to_us")]
    at_the_three_day_reminder(notify)
    notify.carrier.put("/carrier/faults", json=fault)
    notify.send_due()
    # Dead a second time: staff are asked a second time.
    assert notify.states(appointment_id=visit)["3_days", "sms"] == ("failed", "provider_21614")
    assert [tuple(row) for row in notify.rows(items)] == [("open", "")]
    assert notify.reply(PHONE, "STOP") == 204
    assert notify.rows(dead) == []
    assert len(notify.rows("SELECT 1 FROM contact_point WHERE opted_out_at IS NOT NULL")) == 1
    assert notify.states(appointment_id=visit)["1_day", "sms"] == ("suppressed", "opted_out")

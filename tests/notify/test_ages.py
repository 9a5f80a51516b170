"""Plans that change, workers that were away, clocks that move on."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text

from kernel.contracts.appointment import AppointmentBooked, AppointmentCancelled
from kernel.ids import new_id
from services.notify.actions.lock_appointment import lock_appointment
from tests.local.standins import until
from tests.notify.people import book, move, submit, visit_facts
from tests.notify.standing import TUESDAY_TEN, Standing

PHONE = "+18165550142"


@pytest.mark.fault("F48")
@pytest.mark.capability("N3")
def test_ten_planners_and_ten_senders_at_once_make_one_message(notify: Standing) -> None:
    patient = submit(notify, email="", consent_email=False)
    visit = book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    others = [
        threading.Thread(target=submit, args=(notify,), kwargs={"patient_id": patient}) for _ in range(10)
    ]
    senders = [threading.Thread(target=notify.work[0].run, args=(new_id(),)) for _ in range(10)]
    for thread in others + senders:
        thread.start()
    for thread in others + senders:
        thread.join()
    notify.send_due()
    assert len(notify.texts_to(PHONE)) == 1
    counted = notify.rows("SELECT step, channel, count(*) AS n FROM planned_message GROUP BY 1, 2")
    assert {row.n for row in counted} == {1}
    assert notify.states(appointment_id=visit)["booked", "sms"][0] in ("sent", "delivered")


@pytest.mark.fault("F49")
@pytest.mark.capability("N4")
def test_after_three_hours_down_useful_messages_go_nearest_visit_first_and_pointless_ones_say_so(
    notify: Standing,
) -> None:
    soon = book(notify, submit(notify, phone="+18165550101", email=""), TUESDAY_TEN + timedelta(hours=2))
    later = book(notify, submit(notify, phone="+18165550102", email=""), TUESDAY_TEN + timedelta(days=9))
    nearer = book(notify, submit(notify, phone="+18165550103", email=""), TUESDAY_TEN + timedelta(days=2))
    notify.set_clock(TUESDAY_TEN + timedelta(hours=3))
    notify.send_due()
    assert notify.states(appointment_id=soon)["booked", "sms"] == ("expired", "too_late")
    assert notify.texts_to("+18165550101") == []
    sent = notify.rows(
        "SELECT m.appointment_id FROM send_attempt s JOIN planned_message m ON m.id = s.message_id ORDER BY s.id"
    )
    assert [row.appointment_id for row in sent] == [nearer, later]


@pytest.mark.fault("F49")
@pytest.mark.capability("N4")
def test_a_day_down_sends_nothing_at_night(notify: Standing) -> None:
    visit = book(notify, submit(notify, email=""), TUESDAY_TEN + timedelta(days=9))
    notify.set_clock(TUESDAY_TEN + timedelta(hours=13))
    notify.send_due()
    assert notify.states(appointment_id=visit)["booked", "sms"] == ("due", "quiet_hours")
    assert notify.texts_to(PHONE) == []
    notify.set_clock(TUESDAY_TEN + timedelta(hours=23, minutes=1))
    notify.send_due()
    assert len(notify.texts_to(PHONE)) == 1


@pytest.mark.fault("F42")
@pytest.mark.capability("N5")
def test_a_move_withdraws_what_waits_and_corrects_what_was_sent(notify: Standing) -> None:
    patient = submit(notify, email="")
    visit = book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    move(notify, patient, visit, TUESDAY_TEN + timedelta(days=16))
    notify.send_due()
    old = notify.states(appointment_id=visit, appointment_version=1)
    assert old["3_days", "sms"] == old["1_day", "sms"] == ("suppressed", "moved")
    new = notify.states(appointment_id=visit, appointment_version=2)
    assert new["moved", "sms"][1] == "correction"
    assert new["3_days", "sms"][0] == "due"
    assert [said.split(" ")[2] for said in notify.texts_to(PHONE)] == ["visit", "NEW"]
    # An old event that arrives late changes nothing.
    move(notify, patient, visit, TUESDAY_TEN + timedelta(days=11), version=2)
    assert len(notify.messages(appointment_id=visit)) == len(old) + len(new)


@pytest.mark.fault("F42")
@pytest.mark.capability("N5")
def test_an_older_move_that_waits_for_a_newer_ones_end_changes_nothing(notify: Standing) -> None:
    patient = submit(notify, email="")
    visit = book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    older = threading.Thread(target=move, args=(notify, patient, visit, TUESDAY_TEN + timedelta(days=16)))
    with notify.store.transaction() as session:
        newer = lock_appointment(session, visit, patient)
        older.start()
        until(lambda: bool(notify.rows(waits)), 60)
        newer.version = 3
    older.join()
    (row,) = notify.rows("SELECT version FROM appointment")
    assert row.version == 3
    assert notify.messages(appointment_version=2) == []


@pytest.mark.capability("N5")
def test_a_cancel_withdraws_what_waits_and_tells_those_who_knew(notify: Standing) -> None:
    patient = submit(notify)
    visit = book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    cancelled = AppointmentCancelled(
        appointment_id=visit, version=2, patient_id=patient, reason="site_closed", by="clinic"
    )
    notify.hear("appointment_cancelled", cancelled)
    notify.send_due()
    states = notify.states(appointment_id=visit)
    assert states["1_day", "sms"] == ("suppressed", "cancelled")
    assert {states["cancelled", "sms"][1], states["cancelled", "email"][1]} == {"correction"}
    assert "will not take place" in notify.texts_to(PHONE)[-1]
    # Who cancels by themselves knows, and whom nothing reached yet has nothing to be corrected.
    for by, told in (("patient", True), ("clinic", False)):
        visit = book(notify, patient, TUESDAY_TEN + timedelta(days=10))
        if told:
            notify.send_due()
        gone = AppointmentCancelled(appointment_id=visit, version=2, patient_id=patient, reason="x", by=by)
        notify.hear("appointment_cancelled", gone)
        assert "cancelled" not in {step for step, _ in notify.states(appointment_id=visit)}, by
    # Nor is it told of a visit that has begun.
    visit = book(notify, patient, TUESDAY_TEN + timedelta(hours=1))
    notify.send_due()
    notify.set_clock(TUESDAY_TEN + timedelta(hours=2))
    notify.hear("appointment_cancelled", gone.model_copy(update={"appointment_id": visit, "by": "clinic"}))
    assert "cancelled" not in {step for step, _ in notify.states(appointment_id=visit)}


def test_a_cancel_heard_before_its_booking_leaves_nothing_to_send(notify: Standing) -> None:
    patient, visit = submit(notify), new_id()
    gone = AppointmentCancelled(appointment_id=visit, version=2, patient_id=patient, reason="x", by="staff")
    notify.hear("appointment_cancelled", gone)
    facts = visit_facts(patient, TUESDAY_TEN + timedelta(days=3), visit)
    notify.hear("appointment_booked", AppointmentBooked(**facts))
    assert notify.messages(appointment_id=visit) == []


@pytest.mark.capability("N6")
def test_a_text_without_a_receipt_for_three_days_says_so_and_a_late_receipt_still_counts(
    notify: Standing,
) -> None:
    notify.carrier.put("/carrier/faults", json={"mode": "callback_never"})
    visit = book(notify, submit(notify, email=""), TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    notify.set_clock(TUESDAY_TEN + timedelta(days=3, hours=1))
    notify.jobs()
    assert notify.states(appointment_id=visit)["booked", "sms"] == ("sent", "no_receipt")


@pytest.mark.capability("N12")
def test_the_patients_language_is_used_and_a_missing_one_falls_back_to_english(notify: Standing) -> None:
    book(notify, submit(notify, language="es", email=""), TUESDAY_TEN + timedelta(days=9))
    book(
        notify, submit(notify, phone="+18165550143", language="vi", email=""), TUESDAY_TEN + timedelta(days=9)
    )
    notify.send_due()
    assert "Responda C" in notify.texts_to(PHONE)[0]
    assert "Reply C" in notify.texts_to("+18165550143")[0]
    fallen = "SELECT language, language_note FROM planned_message WHERE language_note <> '' AND "
    assert {tuple(row) for row in notify.rows(fallen + "true")} == {("en", "language_not_available")}
    (first, *_) = notify.messages(language_note="language_not_available")
    log = notify.call("GET", f"/api/notify/v1/messages?patient_id={first.patient_id}").json()["items"]
    assert {(item["language"], item["language_note"]) for item in log} == {("en", "language_not_available")}
    # So do those that stand in for another, or are planned outside the cadence.
    other = submit(notify, phone="+18165550144", language="vi")
    visit = book(notify, other, TUESDAY_TEN + timedelta(days=9))
    cancelled = AppointmentCancelled(
        appointment_id=visit, version=2, patient_id=other, reason="site_closed", by="clinic"
    )
    notify.send_due()
    notify.hear("appointment_cancelled", cancelled)
    assert {m.step for m in notify.messages(language_note="language_not_available", state="due")} >= {
        "cancelled"
    }
    # Words that are there in English only are not passed off as Spanish.
    with notify.store.transaction() as session:
        english = (
            "UPDATE cadence SET steps = replace(steps::text, '\"visit_booked\"', '\"english_only\"')::jsonb"
        )
        session.execute(text(english))
        words = "INSERT INTO message_template (name, channel, language, version, body, published_by)"
        session.execute(
            text(f"{words} VALUES ('english_only', 'sms', 'en', 1, 'Hello from {{clinic_name}}', 't')")
        )
    only = book(
        notify, submit(notify, phone="+18165550145", language="es", email=""), TUESDAY_TEN + timedelta(days=9)
    )
    notify.send_due()
    assert notify.texts_to("+18165550145") == ["Hello from Prairie Crossing"]
    (sent,) = notify.messages(appointment_id=only, step="booked", channel="sms")
    assert (sent.language, sent.language_note) == ("en", "language_not_available")


@pytest.mark.capability("N1", "N14")
def test_a_message_keeps_its_template_version_its_values_and_its_words(notify: Standing) -> None:
    visit = book(notify, submit(notify), TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    until(lambda: notify.states(appointment_id=visit)["booked", "sms"][0] == "delivered")
    patient = notify.messages(appointment_id=visit)[0].patient_id
    log = notify.call("GET", f"/api/notify/v1/messages?patient_id={patient}").json()["items"]
    sent = next(item for item in log if item["step"] == "booked" and item["channel"] == "sms")
    assert (sent["template"], sent["template_version"], sent["state"]) == ("visit_booked", 1, "delivered")
    assert sent["text"] == notify.texts_to(PHONE)[0]
    assert sent["values"]["visit_time"] == "10:00 AM"
    assert (
        notify.call("GET", f"/api/notify/v1/messages?patient_id={patient}", role="admin").status_code == 403
    )
    stored = notify.rows("SELECT text_sealed, values_sealed FROM planned_message WHERE state = 'delivered'")
    assert b"Overland" not in stored[0].text_sealed + stored[0].values_sealed


@pytest.mark.capability("N21")
def test_every_message_that_is_not_sent_says_why_on_its_visit(notify: Standing) -> None:
    visit = book(notify, submit(notify), TUESDAY_TEN + timedelta(hours=20))
    notify.send_due()
    log = notify.call("GET", f"/api/notify/v1/messages?appointment_id={visit}", role="front_desk").json()[
        "items"
    ]
    assert sorted((item["step"], item["channel"]) for item in log) == [
        ("1_day", "sms"),
        ("3_days", "sms"),
        ("booked", "email"),
        ("booked", "sms"),
        ("prepare", "email"),
        ("same_day", "sms"),
        ("third", "sms"),
    ]
    assert next(item["reason"] for item in log if item["step"] == "third") == "not_for_this_notice"
    times = [item["planned_for"] for item in log]
    assert times == sorted(times), "in the order they were planned for"
    for item in log:
        assert item["sent_at"] or item["state"] == "planned" or item["reason"], item
    # What nobody takes although its time has come says so as well: no worker runs here.
    (due,) = notify.messages(appointment_id=visit, step="same_day")
    reasons = {}
    for minutes in (-1, 1, 3):
        notify.set_clock(due.due_at + timedelta(minutes=minutes))
        log = notify.call("GET", f"/api/notify/v1/messages?appointment_id={visit}", role="front_desk").json()
        reasons[minutes] = next(item["reason"] for item in log["items"] if item["step"] == "same_day")
    assert reasons == {-1: "", 1: "", 3: "late"}

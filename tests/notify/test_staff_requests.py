"""What a patient asks staff about messages, by phone or across the desk, is done at once and kept."""

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from kernel.context import Actor
from kernel.ids import new_id
from services.notify.actions.choose_topics import choose_topics
from tests.local.standins import until
from tests.notify.held_send import held_send
from tests.notify.people import book, submit
from tests.notify.standing import TUESDAY_TEN, Standing

PHONE = "+18165550142"
API = "/api/notify/v1"
WAITS = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def ask(notify: Standing, patient: UUID, role: str = "front_desk", **body: object) -> int:
    facts = {"channel": "sms", "deed": "stop", "how": "by_phone"} | body
    path = f"{API}/patients/{patient}/messages-request"
    headers = {"Idempotency-Key": str(new_id())}
    return int(notify.call("POST", path, role, facts, **headers).status_code)


def sms(notify: Standing, patient: UUID) -> dict[str, Any]:
    answer = notify.call("GET", f"{API}/contacts?patient_id={patient}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = next(item for item in answer.json()["items"] if item["channel"] == "sms")
    return found


@pytest.mark.capability("N9")
def test_stop_by_phone_ends_every_text_and_start_needs_the_patients_words(notify: Standing) -> None:
    patient = submit(notify)
    visit = book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    assert ask(notify, patient, note="Texts wake the baby.") == 200
    notify.send_due()
    assert notify.texts_to(PHONE) == [], "not even a confirmation: nobody texted us"
    states = notify.states(appointment_id=visit)
    texts = {
        end for (step, channel), end in states.items() if channel == "sms" and step in ("booked", "3_days")
    }
    assert texts == {("suppressed", "opted_out")}
    assert not [row for row in notify.messages(appointment_id=visit, channel="sms") if row.state == "due"]
    assert len(notify.mails_to("rosa@example.test")) == 1, "the other channel takes over"
    shown = sms(notify, patient)
    assert shown["opted_out"] is True
    (request,) = shown["requests"]
    assert (request["deed"], request["how"], request["note"], request["by"], request["topics"]) == (
        "stop",
        "by_phone",
        "Texts wake the baby.",
        "staff-1",
        [],
    )
    audited = notify.rows(
        "SELECT actor_id, reason FROM audit_entry WHERE action IN ('stop_messages_on_request', 'contact_opted_out')"
    )
    assert [(row.actor_id, row.reason) for row in audited] == [
        ("staff-1", "by_phone"),
        ("staff-1", "staff_by_phone"),
    ]
    assert ask(notify, patient, deed="start") == 422, "a start has to be documented"
    assert ask(notify, patient, deed="start", note="no") == 422
    assert ask(notify, patient, "therapist", deed="start", note="She asked for texts again.") == 403
    assert sms(notify, patient)["opted_out"] is True
    assert ask(notify, patient, deed="start", how="in_person", note="She asked for texts again.") == 200
    assert sms(notify, patient)["opted_out"] is False
    later = book(notify, patient, TUESDAY_TEN + timedelta(days=12))
    notify.send_due()
    assert notify.states(appointment_id=later)["booked", "sms"][0] in ("sent", "delivered")


@pytest.mark.capability("N9")
def test_a_topic_is_stopped_alone_and_what_waits_on_it_ends_at_once(notify: Standing) -> None:
    patient = submit(notify)
    visit = book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    assert ask(notify, patient, topics=["visit"]) == 200
    waiting = notify.messages(appointment_id=visit, channel="sms", state="due")
    assert [row.topic for row in waiting if row.topic == "visit"] == []
    states = notify.states(appointment_id=visit)
    assert {states[step, "sms"] for step in ("booked", "3_days", "1_day")} == {("suppressed", "no_consent")}
    assert states["3_days", "email"][0] == "due", "the other channel takes over"
    shown = sms(notify, patient)
    assert shown["opted_out"] is False
    assert shown["topics"] == {"visit": False, "follow_up": True, "outreach": True, "waitlist": True}
    notify.send_due()
    assert notify.texts_to(PHONE) == []
    assert ask(notify, patient, deed="start", topics=["visit"], note="Wants reminders again.") == 200
    notify.send_due()
    states = notify.states(appointment_id=visit)
    assert (states["3_days", "sms"][0], states["3_days", "email"]) == ("due", ("suppressed", "other_channel"))


@pytest.mark.capability("N9")
def test_start_everything_agrees_to_everything_and_a_topic_cannot_start_what_is_stopped(
    notify: Standing,
) -> None:
    patient = submit(notify, consent_sms=False)
    visit = book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    assert notify.states(appointment_id=visit)["3_days", "sms"] == ("suppressed", "no_consent")
    words = {"deed": "start", "note": "She wants texts after all."}
    assert ask(notify, patient, **words) == 200
    everything = {"visit": True, "follow_up": True, "outreach": True, "waitlist": True}
    assert sms(notify, patient)["topics"] == everything
    assert notify.states(appointment_id=visit)["3_days", "sms"][0] == "due"
    assert ask(notify, patient, topics=["visit"]) == 200
    assert ask(notify, patient) == 200
    # One topic would be said to have begun while nothing is sent at all.
    assert ask(notify, patient, topics=["waitlist"], **words) == 409
    shown = sms(notify, patient)
    assert (shown["opted_out"], [one["deed"] for one in shown["requests"]]) == (
        True,
        ["stop", "stop", "start"],
    )
    assert ask(notify, patient, **words) == 200
    shown = sms(notify, patient)
    assert (shown["opted_out"], shown["topics"]) == (False, everything)
    assert notify.states(appointment_id=visit)["3_days", "sms"][0] == "due"


def test_topics_lock_visits_before_messages_as_everything_does(notify: Standing) -> None:
    patient = submit(notify)
    visit = book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    actor = Actor("patient", str(patient))

    def choose() -> None:
        with notify.store.transaction() as session:
            choose_topics(session, actor, [patient], "email", ["follow_up"])

    chooses = threading.Thread(target=choose)
    with notify.store.transaction() as session:
        # Whoever plans a visit has its row, and takes its messages next: they must be free.
        session.execute(text("SELECT 1 FROM appointment WHERE id = :id FOR UPDATE"), {"id": visit})
        chooses.start()
        until(lambda: notify.rows(WAITS) != [])
        messages = "SELECT id FROM planned_message WHERE appointment_id = :id FOR UPDATE NOWAIT"
        assert session.scalars(text(messages), {"id": visit}).all() != []
    chooses.join()
    assert notify.states(appointment_id=visit)["booked", "email"] == ("suppressed", "no_consent")


@pytest.mark.fault("F39")
@pytest.mark.capability("N9")
def test_a_topic_stopped_between_commit_and_post_stops_the_post(notify: Standing) -> None:
    phone = "+18165550171"
    patient = submit(notify, phone=phone, email="", consent_email=False)
    visit = book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    with held_send(notify, lambda: notify.states(appointment_id=visit)["booked", "sms"][0] == "sending"):
        assert ask(notify, patient, topics=["visit"]) == 200
    notify.send_due()
    assert notify.states(appointment_id=visit)["booked", "sms"] == ("suppressed", "no_consent")
    assert notify.texts_to(phone) == []


def test_a_request_about_a_channel_the_patient_does_not_have_is_refused(notify: Standing) -> None:
    patient = submit(notify, email="", consent_email=False)
    assert ask(notify, patient, channel="email") == 409
    assert ask(notify, new_id()) == 404
    assert ask(notify, patient, channel="fax") == 422
    assert notify.rows("SELECT 1 FROM contact_request") == []

"""The fenced send against a carrier that misbehaves: one acceptance a message, whatever happens in between."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from psycopg.errors import DeadlockDetected
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.failpoints import FailpointRaised, arm
from kernel.ids import new_id
from services.notify.actions.fence_sends import fence_sends
from services.notify.actions.free_sends import free_sends
from services.notify.actions.start_sends import Started
from services.notify.actions.take_receipt import Report
from services.notify.actions.take_receipts import take_receipts
from services.notify.actions.take_reply import take_reply
from tests.local.standins import until
from tests.notify.held_send import held_send
from tests.notify.people import book, move, submit
from tests.notify.standing import TUESDAY_TEN, Standing

PHONE = "+18165550142"


def faults(notify: Standing, **fault: object) -> None:
    assert notify.carrier.put("/carrier/faults", json=fault).status_code == 200


def booked_text(notify: Standing, phone: str = PHONE) -> str:
    """Plan a visit whose only due message is the confirmation by text; returns the appointment's id."""
    patient = submit(notify, phone=phone, email="", consent_email=False)
    return str(book(notify, patient, TUESDAY_TEN + timedelta(days=9)))


def state_of(notify: Standing, visit: str) -> tuple[str, str]:
    return notify.states(appointment_id=visit)["booked", "sms"]


def resolve(notify: Standing, after: timedelta = timedelta(minutes=5)) -> None:
    """Let `after` pass and ask the provider about every doubt that is due."""
    notify.set_clock(TUESDAY_TEN + after)
    notify.work[1].run(new_id())


@pytest.mark.fault("F30")
@pytest.mark.parametrize("mode", ["error_500_after", "reset_after"])
def test_an_acceptance_nobody_saw_is_found_by_look_up(notify: Standing, mode: str) -> None:
    faults(notify, mode=mode, count=1)
    faults_and_no_callbacks = [{"mode": mode, "count": 1}, {"mode": "callback_never"}]
    notify.carrier.put("/carrier/faults", json=faults_and_no_callbacks)
    visit = booked_text(notify)
    notify.send_due()
    assert state_of(notify, visit)[0] == "unknown"
    resolve(notify)
    assert state_of(notify, visit)[0] in ("sent", "delivered")
    notify.send_due()
    assert len(notify.texts_to(PHONE)) == 1


# A number of its own each: the carrier outlives a test, and would find the same words of an earlier one.
@pytest.mark.fault("F30")
@pytest.mark.parametrize(
    ("mode", "phone"), [("error_500_before", "+18165550161"), ("reset_before", "+18165550162")]
)
def test_what_the_provider_denies_is_sent_again(notify: Standing, mode: str, phone: str) -> None:
    faults(notify, mode=mode, count=1)
    visit = booked_text(notify, phone)
    notify.send_due()
    assert state_of(notify, visit)[0] == "unknown"
    notify.send_due()
    assert notify.texts_to(phone) == []
    resolve(notify)
    assert state_of(notify, visit) == ("due", "provider_denied")
    notify.send_due()
    assert len(notify.texts_to(phone)) == 1


@pytest.mark.fault("F30")
def test_a_signed_receipt_settles_a_doubt_without_a_look_up(notify: Standing) -> None:
    faults(notify, mode="error_500_after", count=1)
    visit = booked_text(notify)
    notify.send_due()
    until(lambda: state_of(notify, visit)[0] == "delivered")
    assert len(notify.texts_to(PHONE)) == 1


@pytest.mark.fault("F33")
def test_a_provider_that_cannot_say_is_not_a_denial_and_staff_hear_of_it(notify: Standing) -> None:
    notify.carrier.put(
        "/carrier/faults", json=[{"mode": "error_500_before", "count": 1}, {"mode": "lookup_503"}]
    )
    visit = booked_text(notify)
    notify.send_due()
    resolve(notify)
    assert state_of(notify, visit)[0] == "unknown"
    notify.set_clock(TUESDAY_TEN + timedelta(minutes=16))
    notify.jobs()
    assert [row.kind for row in notify.rows("SELECT kind FROM staff_item")] == ["unknown_send"]
    notify.set_clock(TUESDAY_TEN + timedelta(days=9, minutes=1))
    notify.jobs()
    assert state_of(notify, visit) == ("unknown", "unknown_at_visit")
    assert notify.texts_to(PHONE) == []
    # Nobody need look into it any more, and nowhere is it called sent, not sent or waiting.
    notify.jobs()
    assert [row.outcome for row in notify.rows("SELECT outcome FROM staff_item")] == ["visit_began"]
    books = notify.call("GET", "/api/notify/v1/reconcile?days=30", role="manager").json()
    (line,) = [one for one in books["lines"] if (one["step"], one["channel"]) == ("booked", "sms")]
    assert (line["planned"], line["unknown"], line["difference"]) == (1, 1, 0)
    health = notify.call("GET", "/api/notify/v1/health-summary", role="manager").json()
    assert (health["unknown"], health["last_day"]["never_known"]) == (0, 1)
    # The carrier's own word still counts, however late.
    (attempt,) = notify.rows("SELECT id FROM send_attempt")
    with notify.store.transaction() as session:
        assert take_receipts(session, [Report("SM1", "delivered", "", attempt.id)]) == ["applied"]
    assert state_of(notify, visit) == ("delivered", "booking_confirmation")


@pytest.mark.fault("F33")
def test_a_doubt_about_a_number_nobody_can_read_stops_no_other(notify: Standing) -> None:
    notify.carrier.put("/carrier/faults", json=[{"mode": "error_500_after"}, {"mode": "callback_never"}])
    visits = [booked_text(notify, phone) for phone in ("+18165550163", "+18165550164", "+18165550165")]
    notify.send_due()
    notify.carrier.delete("/carrier/faults")
    damage = "UPDATE contact_point SET address_sealed = 'damaged' WHERE id = (SELECT contact_point_id FROM"
    with notify.store.transaction() as session:
        session.execute(
            text(
                f"{damage} planned_message WHERE appointment_id = :v AND channel = 'sms' AND step = 'booked')"
            ),
            {"v": visits[0]},
        )
    resolve(notify)
    assert state_of(notify, visits[0])[0] == "unknown"
    assert {state_of(notify, visit)[0] for visit in visits[1:]} <= {"sent", "delivered"}
    notify.set_clock(TUESDAY_TEN + timedelta(minutes=16))
    notify.jobs()
    assert [row.kind for row in notify.rows("SELECT kind FROM staff_item")] == ["unknown_send"]


@pytest.mark.fault("F29")
def test_429_is_waited_out_as_long_as_the_provider_says(notify: Standing) -> None:
    faults(notify, mode="rate_429", count=1, seconds=20)
    visit = booked_text(notify)
    notify.work[0].run(new_id())
    assert state_of(notify, visit) == ("due", "provider_busy")
    notify.work[0].run(new_id())
    assert notify.texts_to(PHONE) == []
    notify.set_clock(TUESDAY_TEN + timedelta(seconds=25))
    notify.send_due()
    assert len(notify.texts_to(PHONE)) == 1


def test_a_refused_number_is_dead_and_on_the_call_list(notify: Standing) -> None:
    faults(notify, mode="reject", code=21211, count=1)
    visit = booked_text(notify)
    notify.send_due()
    assert state_of(notify, visit) == ("failed", "provider_21211")
    items = notify.rows("SELECT kind, code FROM staff_item")
    assert [(row.kind, row.code) for row in items] == [("number_dead", "21211")]


@pytest.mark.fault("F6")
def test_a_killed_worker_leaves_a_doubt_and_never_a_second_text(notify: Standing) -> None:
    visit = booked_text(notify)
    notify.carrier.put("/carrier/faults", json={"mode": "callback_never"})
    arm("after_post=raise:1")
    try:
        with pytest.raises(FailpointRaised):
            notify.work[0].run(new_id())
    finally:
        arm("")
    assert state_of(notify, visit)[0] == "sending"
    with notify.store.transaction() as session:
        assert free_sends(session, notify.parts.worker_id) == 1
    assert state_of(notify, visit) == ("unknown", "worker_lost")
    notify.send_due()
    resolve(notify)
    assert state_of(notify, visit)[0] in ("sent", "delivered")
    assert len(notify.texts_to(PHONE)) == 1


@pytest.mark.fault("F39")
def test_stop_between_commit_and_post_stops_the_post(notify: Standing) -> None:
    visit = booked_text(notify)
    with held_send(notify, lambda: state_of(notify, visit)[0] == "sending"):
        assert notify.reply(PHONE, "STOP") == 204
    notify.send_due()
    assert state_of(notify, visit) == ("suppressed", "opted_out")
    assert ["no more texts" in text for text in notify.texts_to(PHONE)] in ([True], [])


@pytest.mark.fault("F42")
def test_a_move_between_commit_and_post_stops_the_post(notify: Standing) -> None:
    visit = booked_text(notify)
    patient = notify.messages(appointment_id=visit)[0].patient_id
    with held_send(notify, lambda: state_of(notify, visit)[0] == "sending"):
        move(notify, patient, UUID(visit), TUESDAY_TEN + timedelta(days=10))
    notify.send_due()
    assert state_of(notify, visit) == ("suppressed", "moved")
    assert [text.split(":")[1][:9] for text in notify.texts_to(PHONE)] == [" NEW time"]


def test_a_wave_whose_fence_is_not_to_be_had_is_due_again_and_in_no_doubt(notify: Standing) -> None:
    """PostgreSQL ended it for waiting in a circle: nothing was written to the carrier, so nothing is to be asked."""
    visit = booked_text(notify)
    seen: list[tuple[str, str]] = []

    def circle_once(session: Session, wave: Sequence[Started]) -> list[bool]:
        if not seen:
            seen.append(state_of(notify, visit))
            raise DeadlockDetected
        return fence_sends(session, wave)

    with mock.patch("services.notify.sending.courier.fence_sends", circle_once):
        notify.work[0].run(new_id())
        assert seen[0][0] == "sending" and state_of(notify, visit)[0] == "due"
        notify.send_due()
    assert state_of(notify, visit)[0] in ("sent", "delivered") and len(notify.texts_to(PHONE)) == 1


@pytest.mark.fault("F39")
def test_a_stop_that_waited_in_a_circle_is_taken_the_second_time(notify: Standing) -> None:
    """A carrier does not send an answer again when it gets a 503."""
    visit, tried = booked_text(notify), list[int]()

    def circle_once(*given: Any) -> Any:
        tried.append(1)
        if len(tried) == 1:
            raise DeadlockDetected
        return take_reply(*given)

    with mock.patch("services.notify.routes.hooks.take_reply", circle_once):
        assert notify.reply(PHONE, "STOP") == 204
    notify.send_due()
    assert len(tried) == 2 and state_of(notify, visit) == ("suppressed", "opted_out")


def test_an_address_nobody_can_read_ends_its_own_message_and_no_others(notify: Standing) -> None:
    """Were it to stop the batch it is taken in, it would stop every batch: it is always the oldest that is due."""
    broken = submit(notify, phone="+18165550143", email="", consent_email=False)
    lost = book(notify, broken, TUESDAY_TEN + timedelta(days=8))
    notify.rows(
        "UPDATE contact_point SET address_sealed = decode('0102', 'hex') FROM patient_contact l"
        " WHERE l.contact_point_id = contact_point.id AND l.patient_id = :patient RETURNING 1",
        patient=broken,
    )
    visit = booked_text(notify)
    notify.send_due()
    assert notify.states(appointment_id=lost)["booked", "sms"] == ("failed", "unreadable")
    assert state_of(notify, visit)[0] in ("sent", "delivered")


def test_a_doubt_about_an_address_nobody_can_read_stops_no_other(notify: Standing) -> None:
    notify.carrier.put("/carrier/faults", json=[{"mode": "error_500_after"}, {"mode": "callback_never"}])
    lost, sound = booked_text(notify, "+18165550163"), booked_text(notify, "+18165550164")
    notify.send_due()
    notify.rows(
        "UPDATE contact_point c SET address_sealed = 'damaged' FROM planned_message m"
        " WHERE m.contact_point_id = c.id AND m.appointment_id = :visit RETURNING 1",
        visit=lost,
    )
    resolve(notify)
    assert state_of(notify, sound)[0] in ("sent", "delivered")
    assert state_of(notify, lost)[0] == "unknown"
    assert [row.state for row in notify.rows("SELECT state FROM send_lookup ORDER BY state")] == [
        "done",
        "due",
    ]

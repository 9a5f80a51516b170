"""A provider that is late or hasty, and news that comes while a request is on its way."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from unittest import mock

import pytest

from kernel.contracts.appointment import AppointmentCancelled
from kernel.ids import new_id
from services.notify.sending import courier, sms_http
from tests.local.standins import until
from tests.notify.people import book, submit
from tests.notify.standing import TUESDAY_TEN, Standing

BUSY = (
    "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND state LIKE 'idle in transaction%'"
)


def booked_text(notify: Standing, phone: str) -> str:
    patient = submit(notify, phone=phone, email="", consent_email=False)
    return str(book(notify, patient, TUESDAY_TEN + timedelta(days=9)))


def state_of(notify: Standing, visit: str) -> tuple[str, str]:
    return notify.states(appointment_id=visit, appointment_version=1)["booked", "sms"]


@contextmanager
def on_the_wire(notify: Standing) -> Iterator[None]:
    """Inside, the due message's request has been written, and nobody has read an answer yet."""
    written, read_on = threading.Event(), threading.Event()

    def stop_here(name: str, _about: str = "") -> None:
        if name == "while_posting":
            written.set()
            assert read_on.wait(60)

    with mock.patch.object(courier, "failpoint", stop_here):
        sender = threading.Thread(target=notify.work[0].run, args=(new_id(),))
        sender.start()
        try:
            assert written.wait(60)
            yield
        finally:
            read_on.set()
            sender.join()


@pytest.mark.fault("F31")
def test_an_acceptance_told_later_than_we_wait_is_one_text(notify: Standing) -> None:
    phone = "+18165550171"
    faults = [{"mode": "slow", "when": "after", "seconds": 2, "count": 1}, {"mode": "callback_never"}]
    notify.carrier.put("/carrier/faults", json=faults)
    visit = booked_text(notify, phone)
    with mock.patch.object(sms_http, "PROVIDER_TOTAL_SECONDS", 0.5):
        notify.send_due()
    assert state_of(notify, visit) == ("unknown", "timeout")
    notify.set_clock(TUESDAY_TEN + timedelta(minutes=5))
    notify.work[1].run(new_id())
    notify.send_due()
    assert state_of(notify, visit)[0] in ("sent", "delivered")
    assert len(notify.texts_to(phone)) == 1


@pytest.mark.fault("F32")
def test_no_database_connection_waits_for_a_slow_provider(notify: Standing) -> None:
    phone = "+18165550172"
    visit = booked_text(notify, phone)
    with on_the_wire(notify):
        assert state_of(notify, visit)[0] == "sending"
        assert notify.rows(BUSY)[0].n == 0
    assert state_of(notify, visit)[0] in ("sent", "delivered")


@pytest.mark.fault("F36")
def test_a_receipt_that_overtakes_the_reply_is_known_by_its_attempt(notify: Standing) -> None:
    phone = "+18165550173"
    notify.carrier.put("/carrier/faults", json={"mode": "callback_before_reply", "count": 1})
    visit = booked_text(notify, phone)
    notify.send_due()
    until(lambda: state_of(notify, visit)[0] == "delivered")
    # The carrier outlives a test: a receipt about an earlier test's message is nobody's here.
    ours = notify.rows("SELECT status, fate FROM receipt WHERE send_attempt_id IS NOT NULL")
    assert {(row.status, row.fate) for row in ours} >= {("sent", "applied"), ("delivered", "applied")}
    assert len(notify.texts_to(phone)) == 1


@pytest.mark.fault("F43")
def test_a_cancel_while_the_request_is_on_its_way_lets_that_one_go_and_no_other(notify: Standing) -> None:
    phone = "+18165550174"
    visit = booked_text(notify, phone)
    (planned,) = notify.messages(appointment_id=visit, step="booked", channel="sms")
    with on_the_wire(notify):
        gone = AppointmentCancelled(
            appointment_id=planned.appointment_id,
            version=2,
            patient_id=planned.patient_id,
            reason="patient_unwell",
            by="clinic",
        )
        notify.hear("appointment_cancelled", gone)
    notify.send_due()
    assert state_of(notify, visit)[0] in ("sent", "delivered")
    later = {notify.states(appointment_id=visit)[step, "sms"] for step in ("3_days", "1_day")}
    assert later == {("suppressed", "cancelled")}
    (row,) = notify.rows(
        "SELECT m.sent_at < a.changed_at AS before FROM planned_message m"
        " JOIN appointment a ON a.id = m.appointment_id WHERE m.step = 'booked' AND m.channel = 'sms'"
    )
    assert row.before, "the case must show that it went out before the cancel"
    assert len(notify.texts_to(phone)) == 2


@pytest.mark.fault("F52")
def test_a_zone_told_after_planning_decides_the_hour_of_sending(notify: Standing) -> None:
    phone = "+18165550175"
    patient = submit(notify, phone=phone, email="", consent_email=False, time_zone="America/Chicago")
    visit = str(book(notify, patient, TUESDAY_TEN + timedelta(days=9)))
    submit(
        notify,
        patient_id=patient,
        phone=phone,
        email="",
        consent_email=False,
        time_zone="Pacific/Honolulu",
    )
    notify.send_due(rounds=2)
    assert notify.texts_to(phone) == []
    assert state_of(notify, visit) == ("due", "quiet_hours")
    notify.set_clock(TUESDAY_TEN + timedelta(hours=5))
    notify.send_due()
    assert len(notify.texts_to(phone)) == 1

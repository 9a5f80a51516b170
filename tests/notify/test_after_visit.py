"""What follows a visit: a question to those who came, a word to those who did not."""

from datetime import timedelta

import pytest

from kernel.contracts.appointment import AppointmentOutcomeRecorded
from kernel.ids import new_id
from tests.notify.people import book, submit
from tests.notify.standing import TUESDAY_TEN, Standing
from tests.notify.test_hooks import inbound

PHONE = "+18165550142"
VISIT = TUESDAY_TEN + timedelta(days=1)


def ended(notify: Standing, outcome: str) -> object:
    patient = submit(notify)
    visit = book(notify, patient, VISIT)
    notify.send_due()
    notify.set_clock(VISIT + timedelta(hours=1))
    told = AppointmentOutcomeRecorded(
        appointment_id=visit, version=1, referral_id=new_id(), patient_id=patient, outcome=outcome
    )
    notify.hear("appointment_outcome_recorded", told)
    return visit


@pytest.mark.capability("N2")
def test_who_came_is_asked_a_week_later_and_a_bare_number_is_the_answer(notify: Standing) -> None:
    visit = ended(notify, "attended")
    assert ("missed_visit", "sms") not in notify.states(appointment_id=visit)
    assert notify.states(appointment_id=visit)["same_day", "sms"] == ("suppressed", "attended")
    notify.set_clock(VISIT + timedelta(days=7, hours=2))
    notify.send_due()
    assert notify.texts_to(PHONE)[-1].startswith("Prairie Crossing: how are things since your visit?")
    assert inbound(notify, "3") == 204
    kept = notify.rows("SELECT state, rule, hint, appointment_id FROM reply")[0]
    assert (kept.state, kept.rule, kept.hint, kept.appointment_id) == (
        "handled",
        "answers_follow_up",
        {"rating": 3},
        visit,
    )


def test_a_bare_number_nobody_asked_for_waits_for_staff(notify: Standing) -> None:
    book(notify, submit(notify), VISIT)
    notify.send_due()
    assert inbound(notify, "3") == 204
    assert notify.rows("SELECT state FROM reply")[0].state == "open"


@pytest.mark.capability("N2")
def test_who_did_not_come_is_written_to_the_next_morning(notify: Standing) -> None:
    visit = ended(notify, "no_show")
    assert ("follow_up", "sms") not in notify.states(appointment_id=visit)
    notify.set_clock(VISIT + timedelta(days=1, hours=1))
    notify.send_due()
    assert "we missed you on Wed Mar 3" in notify.texts_to(PHONE)[-1]


def test_the_summary_rings_when_messages_are_due_and_nothing_goes_out(notify: Standing) -> None:
    book(notify, submit(notify), VISIT)
    notify.set_clock(TUESDAY_TEN + timedelta(minutes=11))
    summary = notify.call("GET", "/api/notify/v1/health-summary", role="admin").json()
    assert (summary["silence_alarm"], summary["due_now"]) == (True, 2)
    notify.send_due()
    summary = notify.call("GET", "/api/notify/v1/health-summary", role="admin").json()
    assert (summary["silence_alarm"], summary["due_now"], summary["last_day"]["sent"]) == (False, 0, 2)

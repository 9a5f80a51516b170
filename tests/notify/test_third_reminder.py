"""A third reminder goes to those who missed a visit before, and to nobody else."""

from datetime import timedelta

import pytest

from kernel.contracts.appointment import AppointmentOutcomeRecorded
from kernel.ids import new_id
from tests.notify.people import book, submit
from tests.notify.standing import TUESDAY_TEN, Standing

PHONE = "+18165550142"
API = "/api/notify/v1"


@pytest.mark.capability("N2")
def test_who_missed_a_visit_is_reminded_a_third_time_on_the_day(notify: Standing) -> None:
    patient = submit(notify)
    missed = book(notify, patient, TUESDAY_TEN + timedelta(days=1))
    first = notify.states(appointment_id=missed)
    assert first["third", "sms"] == ("suppressed", "not_for_this_notice")
    steady = book(notify, submit(notify, phone="+18165550143"), TUESDAY_TEN + timedelta(days=12))
    assert notify.states(appointment_id=steady)["third", "sms"] == ("suppressed", "not_high_risk")
    notify.set_clock(TUESDAY_TEN + timedelta(days=1, hours=2))
    told = AppointmentOutcomeRecorded(
        appointment_id=missed, version=1, referral_id=new_id(), patient_id=patient, outcome="no_show"
    )
    notify.hear("appointment_outcome_recorded", told)
    visit = TUESDAY_TEN + timedelta(days=12, hours=4)
    again = book(notify, patient, visit)
    (third,) = [m for m in notify.messages(appointment_id=again) if m.step == "third"]
    assert (third.state, third.planned_for) == ("due", visit - timedelta(hours=3))
    notify.set_clock(visit - timedelta(hours=3))
    notify.send_due()
    assert notify.states(appointment_id=again)["third", "sms"][0] in ("sent", "delivered")
    assert "see you Sun Mar 14" in notify.texts_to(PHONE)[-1]


@pytest.mark.capability("N2")
def test_the_simulator_asks_how_often_somebody_did_not_come(notify: Standing) -> None:
    body = {
        "visit_type": "new_patient",
        "site_id": "overland_park",
        "starts_at": "2027-03-15T14:00:00-05:00",
        "booked_at": "2027-03-05T09:00:00-06:00",
        "time_zone": "America/Chicago",
    }

    def third(no_shows: int) -> tuple[str, str]:
        answer = notify.call("POST", f"{API}/simulate", "manager", body | {"no_shows": no_shows})
        (found,) = [one for one in answer.json()["items"] if one["step"] == "third"]
        return found["state"], found["reason"]

    assert third(0) == ("suppressed", "not_high_risk")
    assert third(1) == ("planned", "")
    refused = notify.call("POST", f"{API}/simulate", "manager", body | {"no_shows": -1})
    assert refused.status_code == 422

"""Alerts to staff and notices to referrers: to the right ones, once, and never with a word about a patient."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.contracts.professional_notice import ReferrerNoticed, StaffAlerted
from kernel.ids import new_id
from tests.notify.people import book, submit
from tests.notify.standing import CHICAGO, TUESDAY_TEN, Standing

API = "/api/notify/v1"
NURSE, MANAGER, FAR_MANAGER = (
    "nurse@clinic.example.test",
    "manager@clinic.example.test",
    "far@clinic.example.test",
)
DUTY = "+18165550177"


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(new_id())}


def add(notify: Standing, **facts: Any) -> str:
    answer = notify.call("POST", f"{API}/staff-contacts", "manager", {"name": "Duty"} | facts, **key())
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def alerted(notify: Standing, kind: str, alert: UUID | None = None, **more: Any) -> UUID:
    facts = {"roles": ["manager"], "site": "", "urgent": False, "at": TUESDAY_TEN} | more
    told = StaffAlerted(alert_id=alert or new_id(), kind=kind, **facts)
    notify.hear("staff_alerted", told)
    return told.alert_id


@pytest.mark.fault("F10", "F12")
def test_an_event_that_was_given_up_is_told_to_managers_listed_and_tried_again_by_one_of_them(
    notify: Standing,
) -> None:
    add(notify, role="manager", email=MANAGER)
    alert = alerted(notify, "event_dead")
    alerted(notify, "event_dead", alert, at=TUESDAY_TEN + timedelta(minutes=1))
    notify.send_due()
    (mail,) = notify.mails_to(MANAGER)
    assert mail["subject"] == "Waymark: A service did not take what another one told it."
    (item,) = notify.call("GET", f"{API}/call-list?kind=event_dead", "manager").json()["items"]
    assert item["kind"] == "event_dead"
    book(notify, submit(notify), TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    notify.jobs()
    given_up = notify.rows(
        "UPDATE event_delivery SET state = 'dead', refusals = 5, last_error = 'status 422' RETURNING id"
    )
    dead = notify.call("GET", f"{API}/dead-events", "manager").json()
    assert dead["total"] == len(dead["items"]) == len(given_up) > 0
    assert dead["items"][0] | {"listener": "referral", "reason": "status 422"} == dead["items"][0]
    assert "data" not in dead["items"][0], "what it says may be about a patient"
    assert notify.call("GET", f"{API}/dead-events", "nurse").status_code == 403
    again = {"ids": [dead["items"][0]["id"]]}
    assert notify.call("POST", f"{API}/dead-events/try-again", "nurse", again, **key()).status_code == 403
    assert notify.call("POST", f"{API}/dead-events/try-again", "manager", again, **key()).json() == {
        "tried": 1
    }
    assert notify.call("GET", f"{API}/dead-events", "manager").json()["total"] == len(given_up) - 1
    (entry,) = notify.rows("SELECT actor_id, reason FROM audit_entry WHERE action = 'try_event_again'")
    assert tuple(entry) == ("staff-1", "status 422")


def test_an_urgent_alert_reaches_the_duty_phone_at_night_and_is_told_once(notify: Standing) -> None:
    add(notify, role="nurse", phone=DUTY, email=NURSE)
    add(notify, role="manager", email=MANAGER)
    night = datetime(2027, 3, 2, 23, 30, tzinfo=CHICAGO)
    notify.set_clock(night)
    alert = alerted(notify, "callback_waits", roles=["nurse"], urgent=True)
    alerted(notify, "callback_waits", alert, roles=["nurse"], urgent=True)
    notify.send_due()
    assert notify.texts_to(DUTY) == [
        "Prairie Crossing: A call-back waits on the board; open it. Open Waymark."
    ]
    (mail,) = notify.mails_to(NURSE)
    assert mail["subject"] == "Waymark: A call-back waits on the board; open it."
    assert "List-Unsubscribe" not in mail["headers"]
    assert notify.mails_to(MANAGER) == []
    # The next step of the same call-back is another alert.
    alerted(notify, "callback_passed_on", roles=["manager"], urgent=True)
    notify.send_due()
    assert [m["subject"] for m in notify.mails_to(MANAGER)] == [
        "Waymark: A call-back nobody has taken waits on the board; open it."
    ]


def test_what_is_not_urgent_is_said_once_an_hour_to_those_of_the_site(notify: Standing) -> None:
    add(notify, role="manager", email=MANAGER, sites=["paola"])
    add(notify, role="manager", email=FAR_MANAGER, sites=["garnett"])
    gone = add(notify, role="manager", email="gone@clinic.example.test")
    end = f"{API}/staff-contacts/{gone}/end"
    assert notify.call("POST", end, "admin", {}, **key()).status_code == 428
    for version, status in ((2, 412), (1, 200), (2, 404)):
        answer = notify.call("POST", end, "admin", {}, **key() | {"If-Match": f'"{version}"'})
        assert answer.status_code == status, "only who has seen the contact as it is takes it off the list"
    for minutes in (0, 5, 10):
        alerted(notify, "no_free_slot", site="paola", at=TUESDAY_TEN + timedelta(minutes=minutes))
    notify.send_due()
    assert [m["subject"] for m in notify.mails_to(MANAGER)] == ["Waymark: No free time at Paola."]
    assert notify.mails_to(FAR_MANAGER) == []
    assert notify.mails_to("gone@clinic.example.test") == []
    alerted(notify, "no_free_slot", site="paola", at=TUESDAY_TEN + timedelta(minutes=65))
    notify.send_due()
    assert len(notify.mails_to(MANAGER)) == 2


@pytest.mark.capability("L11")
def test_a_referrer_gets_each_milestone_by_e_mail_once_without_the_patient(notify: Standing) -> None:
    address = "front@referrer.example.test"
    for milestone in ("accepted", "booked", "changed", "declined", "completed"):
        notice = ReferrerNoticed(
            notice_id=new_id(), email=address, external_id="A-1001", milestone=milestone, at=TUESDAY_TEN
        )
        notify.hear("referrer_noticed", notice)
        notify.hear("referrer_noticed", notice)
    notify.send_due()
    letters = notify.mails_to(address)
    assert len(letters) == 5
    assert {mail["subject"] for mail in letters} == {"Your request A-1001"}
    words = " ".join(mail["text"] for mail in letters)
    for said in ("was accepted", "A visit is booked", "was changed", "was not accepted", "is completed"):
        assert said in words
    rows = notify.messages(topic="referrer")
    assert {(row.exempt, row.patient_id) for row in rows} == {("professional", None)}


def test_only_managers_keep_the_list_and_a_contact_needs_a_way(notify: Standing) -> None:
    path = f"{API}/staff-contacts"
    add(notify, role="nurse", phone=DUTY)
    (shown,) = notify.call("GET", path, "manager").json()["items"]
    assert (shown["role"], shown["phone"], shown["email"]) == ("nurse", DUTY, None)
    assert notify.call("GET", path, "nurse").status_code == 403
    body = {"name": "Duty", "role": "nurse"}
    assert notify.call("POST", path, "manager", body, **key()).status_code == 422
    assert notify.call("POST", path, "nurse", body | {"phone": DUTY}, **key()).status_code == 403
    assert notify.call("POST", f"{path}/{new_id()}/end", "manager", {}, **key()).status_code == 404

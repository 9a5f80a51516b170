"""A call-back is told to one named person after another, in order, each once, until somebody takes it."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from kernel.contracts.link_locked import LinkLocked
from kernel.contracts.patient import PatientSnapshot
from kernel.contracts.professional_notice import StaffAlertAnswered, StaffAlerted
from kernel.ids import new_id
from tests.notify.standing import TUESDAY_TEN, Standing

API = "/api/notify/v1"
ROLES = ["nurse", "provider", "manager"]


def add(notify: Standing, name: str, role: str, **more: Any) -> str:
    body = {"name": name, "role": role, "email": f"{name.lower()}@clinic.example.test"} | more
    answer = notify.call(
        "POST", f"{API}/staff-contacts", "manager", body, **{"Idempotency-Key": str(new_id())}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def change(notify: Standing, contact: str, version: int = 1, role: str = "manager", **facts: Any) -> Any:
    headers = {"Idempotency-Key": str(new_id()), "If-Match": f'"{version}"'}
    return notify.call("POST", f"{API}/staff-contacts/{contact}", role, facts, **headers)


def alert(notify: Standing, about: UUID, minutes: int = 0, site: str = "", times: int = 1) -> None:
    told = StaffAlerted(
        alert_id=new_id(),
        kind="callback_waits",
        roles=ROLES,
        site=site,
        urgent=True,
        at=TUESDAY_TEN + timedelta(minutes=minutes),
        about_id=about,
    )
    for _ in range(times):
        notify.hear("staff_alerted", told)


def at(notify: Standing, minutes: float) -> None:
    notify.set_clock(TUESDAY_TEN + timedelta(minutes=minutes))
    notify.jobs()
    notify.jobs()


def answered(notify: Standing, about: UUID, minutes: int) -> None:
    notify.hear(
        "staff_alert_answered",
        StaffAlertAnswered(about_id=about, at=TUESDAY_TEN + timedelta(minutes=minutes)),
    )


def shown(notify: Standing, about: UUID) -> Any:
    answer = notify.call("GET", f"{API}/staff-alerts?about={about}", "nurse")
    assert answer.status_code == 200, answer.text
    (one,) = answer.json()["items"]
    return one


def names(notify: Standing, about: UUID) -> list[str | None]:
    return [one["name"] for one in shown(notify, about)["told"]]


@pytest.mark.capability("I12")
def test_a_call_back_is_told_to_one_person_after_another_until_somebody_takes_it(notify: Standing) -> None:
    add(notify, "Boss", "manager")
    add(notify, "Second", "nurse", position=2, phone="+18165550181")
    add(notify, "First", "nurse", position=1, phone="+18165550180")
    add(notify, "Doctor", "provider")
    add(notify, "Resting", "nurse", position=1, on_call=False)
    add(notify, "Desk", "front_desk")
    about = new_id()
    alert(notify, about, times=2)
    at(notify, 1)
    assert names(notify, about) == ["First"]
    notify.send_due()
    assert notify.texts_to("+18165550180") == [
        "Prairie Crossing: A call-back waits on the board; open it. Open Waymark."
    ]
    (mail,) = notify.mails_to("first@clinic.example.test")
    assert mail["subject"] == "Waymark: A call-back waits on the board; open it."
    assert notify.texts_to("+18165550181") == []
    # Fifteen minutes each: the rest of the role, then the next role, each once however often the clock looks.
    at(notify, 14)
    assert names(notify, about) == ["First"]
    for minutes, told in ((16, "Second"), (32, "Doctor"), (48, "Boss")):
        at(notify, minutes)
        assert names(notify, about)[-1] == told
    last = shown(notify, about)
    assert (last["waits"], last["anybody_left"]) == (True, False)
    at(notify, 90)
    notify.send_due()
    assert names(notify, about) == ["First", "Second", "Doctor", "Boss"]
    assert len(notify.mails_to("boss@clinic.example.test")) == 1
    times = [one["at"] for one in shown(notify, about)["told"]]
    assert times == sorted(times)
    assert all(one["arrived"] for one in shown(notify, about)["told"])
    # Everyone was told and it waits still: whoever goes on call now hears of it.
    add(notify, "Late", "provider")
    at(notify, 92)
    assert names(notify, about)[-1] == "Late"


@pytest.mark.capability("I12")
def test_an_answer_stops_it_also_when_it_comes_first_and_a_later_opening_begins_anew(
    notify: Standing,
) -> None:
    add(notify, "First", "nurse")
    add(notify, "Second", "provider")
    about = new_id()
    alert(notify, about)
    answered(notify, about, 5)
    at(notify, 40)
    assert names(notify, about) == ["First"]
    assert shown(notify, about)["waits"] is False
    # New flags after it was closed open it again; the old answer is not about that, nor is an old alert told late.
    alert(notify, about, minutes=41)
    answered(notify, about, 5)
    alert(notify, about)
    at(notify, 60)
    assert names(notify, about) == ["First", "First", "Second"]
    swift = new_id()
    answered(notify, swift, 61)
    alert(notify, swift, minutes=60)
    at(notify, 90)
    assert names(notify, swift) == []


def test_those_of_the_site_come_first_and_nobody_on_call_is_said(notify: Standing) -> None:
    about = new_id()
    alert(notify, about)
    empty = shown(notify, about)
    assert (empty["told"], empty["anybody_left"], empty["waits"]) == ([], False, True)
    add(notify, "Far", "nurse", sites=["garnett"])
    near = add(notify, "Near", "manager", sites=["paola"])
    at(notify, 2)
    assert names(notify, about) == ["Far"], "nobody is left untold while somebody is on call"
    here = new_id()
    alert(notify, here, minutes=2, site="paola")
    assert names(notify, here) == ["Near"]
    # A manager changes the list, against the version they saw; the name of then is kept with what was told.
    assert change(notify, near, name="Renamed", on_call=False).status_code == 200
    assert change(notify, near, on_call=True).status_code == 412
    assert change(notify, near, 2, email="").status_code == 422
    assert change(notify, near, 2, role="nurse", on_call=True).status_code == 403
    listed = notify.call("GET", f"{API}/staff-contacts", "manager").json()["items"]
    assert {(one["name"], one["on_call"], one["version"]) for one in listed} == {
        ("Far", True, 1),
        ("Renamed", False, 2),
    }
    assert names(notify, here) == ["Near"]
    (entry,) = notify.rows("SELECT details FROM audit_entry WHERE action = 'change_staff_contact'")
    assert entry.details["on_call"] is False
    assert "Renamed" not in str(entry.details)
    assert notify.call("GET", f"{API}/staff-alerts?about={here}", "admin").status_code == 403


@pytest.mark.capability("I12")
def test_a_name_that_cannot_be_read_stops_no_alert_and_hides_no_list(notify: Standing) -> None:
    first = add(notify, "First", "nurse", position=1)
    add(notify, "Second", "nurse", position=2)
    with notify.store.transaction() as session:
        session.execute(
            text("UPDATE staff_contact SET name_sealed = 'damaged' WHERE id = CAST(:id AS uuid)"),
            {"id": first},
        )
    about, other = new_id(), new_id()
    alert(notify, about)
    alert(notify, other)
    assert (names(notify, about), names(notify, other)) == ([None], [None])
    at(notify, 16)
    assert (names(notify, about), names(notify, other)) == ([None, "Second"], [None, "Second"])
    notify.send_due()
    assert len(notify.mails_to("first@clinic.example.test")) == 2, "told all the same, of both"
    # What was kept of the name cannot be read any more either.
    with notify.store.transaction() as session:
        session.execute(text("UPDATE staff_told SET name_sealed = 'damaged'"))
    assert names(notify, about) == [None, None]


def test_a_locked_link_is_put_on_the_call_list_once(notify: Standing) -> None:
    snapshot = PatientSnapshot(
        given_name="Rosa",
        family_name="Lind",
        birth_date=date(1979, 3, 2),
        phone="+18165550142",
        language="es",
    )
    locked = LinkLocked(link_id=new_id(), patient_id=new_id(), patient=snapshot, at=TUESDAY_TEN)
    notify.hear("link_locked", locked)
    notify.hear("link_locked", locked)
    items = notify.call("GET", f"{API}/call-list?kind=link_locked", "front_desk").json()["items"]
    assert [(one["patient_name"], one["phone"], one["kind"]) for one in items] == [
        ("Rosa Lind", "+18165550142", "link_locked")
    ]


def keep_turns(
    notify: Standing, contact: str, *hours: tuple[float, float], version: int = 1, role: str = "manager"
) -> Any:
    turns = [
        {
            "starts_at": (TUESDAY_TEN + timedelta(hours=begins)).isoformat(),
            "ends_at": (TUESDAY_TEN + timedelta(hours=ends)).isoformat(),
        }
        for begins, ends in hours
    ]
    headers = {"Idempotency-Key": str(new_id()), "If-Match": f'"{version}"'}
    return notify.call("POST", f"{API}/staff-contacts/{contact}/turns", role, {"turns": turns}, **headers)


@pytest.mark.capability("I12")
def test_only_whose_turn_it_is_is_told_and_a_gap_waits_for_the_next(notify: Standing) -> None:
    day, night = add(notify, "Day", "nurse"), add(notify, "Night", "nurse", position=2)
    always = add(notify, "Phone", "manager", on_call=False)
    assert keep_turns(notify, day, (-2, 1), (25, 26)).status_code == 201
    assert keep_turns(notify, night, (2, 10)).status_code == 201
    about = new_id()
    alert(notify, about)
    at(notify, 1)
    assert names(notify, about) == ["Day"], "the order is among those whose turn it is"
    at(notify, 20)
    assert (names(notify, about), shown(notify, about)["anybody_left"]) == (["Day"], False)
    later = new_id()
    at(notify, 70)
    alert(notify, later, minutes=70)
    assert (names(notify, later), shown(notify, later)["anybody_left"]) == ([], False), (
        "a gap: nobody is on call"
    )
    at(notify, 121)
    assert names(notify, later) == ["Night"], "told when the next turn begins"
    assert names(notify, about) == ["Day", "Night"]
    # Taken out, the turn ends now; with turns over a contact is not on call; without any the switch decides.
    listed = notify.call("GET", f"{API}/staff-contacts", "manager").json()["items"]
    turn = next(one for one in listed if one["id"] == night)["turns"][0]
    assert next(one for one in listed if one["id"] == always)["by_turns"] is False
    end = f"{API}/staff-contacts/{night}/turns/{turn['id']}/end"
    for version, status in (("1", 412), ("2", 200)):
        headers = {"Idempotency-Key": str(new_id()), "If-Match": f'"{version}"'}
        assert notify.call("POST", end, "manager", {}, **headers).status_code == status
    last = new_id()
    at(notify, 130)
    alert(notify, last, minutes=130)
    assert names(notify, last) == []
    assert change(notify, always, on_call=True).status_code == 200
    at(notify, 133)
    assert names(notify, last) == ["Phone"]


def test_turns_that_make_no_sense_are_refused_and_nothing_is_kept(notify: Standing) -> None:
    nurse = add(notify, "Day", "nurse")
    for hours, code in (
        ((3, 3), "ends_before_it_starts"),
        ((-5, -4), "is_over"),
        ((0, 200), "longer_than_a_week"),
    ):
        answer = keep_turns(notify, nurse, (1, 2), hours)
        assert answer.status_code == 422
        assert answer.json()["errors"][0] == {"field": "turns[1].ends_at", "code": code}
    assert keep_turns(notify, nurse, (1, 2), version=9).status_code == 412
    assert keep_turns(notify, nurse, (1, 2), role="nurse").status_code == 403
    (row,) = notify.call("GET", f"{API}/staff-contacts", "manager").json()["items"]
    assert (row["turns"], row["by_turns"], row["version"]) == ([], False, 1)

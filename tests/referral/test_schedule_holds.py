"""Holds, conflicts shown together, rooms and providers together, capacity, closures, past visits."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.ids import new_id
from services.referral.actions.ask_about_past_visits import ask_about_past_visits
from services.referral.actions.end_hold import expire_holds
from services.referral.actions.take_seats import SeatsTaken, Taker, take_seats
from services.referral.model.schedule import Room, Seat, SeatUse
from services.referral.queries import clinic_facts
from services.referral.queries.clinic_records import clinic_records
from services.referral.rules.slots import VisitRules
from tests.referral.calendar_steps import (
    CHICAGO,
    book,
    booked,
    change,
    many_ready_to_book,
    ready_to_book,
    slots,
    wish,
)
from tests.referral.conftest import FRONT_DESK, MANAGER, NURSE, Clinic


@pytest.mark.capability("S3")
def test_a_hold_keeps_a_slot_until_it_expires_and_a_late_booking_is_told(staffed: Clinic) -> None:
    first, second = many_ready_to_book(staffed, 2)
    slot, other = slots(staffed, visit_type="pt_evaluation", site="paola")[:2]
    held = staffed.call("POST", f"/referrals/{first}/holds", wish(slot), actor=FRONT_DESK)
    assert held.status_code == 201, held.text
    hold = held.json
    assert hold is not None
    assert 480 <= hold["seconds_left"] <= 600
    assert slot not in slots(staffed, visit_type="pt_evaluation", site="paola")
    refused = book(staffed, second, slot)
    assert (refused.status_code, refused.json["code"], refused.json["conflicts"]) == (
        409,
        "slot_taken",
        ["slot_held"],
    )
    mismatch = book(staffed, first, other, hold_id=hold["id"])
    assert (mismatch.status_code, mismatch.json["code"]) == (409, "hold_mismatch")
    with staffed.session() as session:
        session.execute(text("UPDATE slot_hold SET expires_at = held_at + interval '1 second'"))
        session.execute(text("UPDATE seat_use SET expires_at = expires_at - interval '1 day'"))
        session.execute(
            text(
                "UPDATE slot_hold SET held_at = held_at - interval '1 day', expires_at = expires_at - interval '1 day'"
            )
        )
    # Expired and not tidied up: listed and bookable at once, and the one who held it is told plainly.
    assert slot in slots(staffed, visit_type="pt_evaluation", site="paola")
    late = book(staffed, first, slot, hold_id=hold["id"])
    assert (late.status_code, late.json["code"]) == (409, "hold_expired")
    booked(staffed, second, slot)
    with staffed.session() as session:
        expire_holds(session)
        assert {use.hold_id for use in session.scalars(select(SeatUse))} == {None}


def test_a_hold_turns_into_the_visit_and_a_new_hold_replaces_the_old(staffed: Clinic) -> None:
    (referral,) = many_ready_to_book(staffed, 1)
    slot, *_, other = slots(staffed, visit_type="pt_evaluation", site="paola")[:6]
    staffed.call("POST", f"/referrals/{referral}/holds", wish(slot), actor=FRONT_DESK)
    second = staffed.call("POST", f"/referrals/{referral}/holds", wish(other), actor=FRONT_DESK).json
    assert second is not None
    assert slot in slots(staffed, visit_type="pt_evaluation", site="paola")
    answer = book(staffed, referral, other, hold_id=second["id"])
    assert answer.status_code == 201, answer.text
    released = staffed.call("POST", f"/holds/{second['id']}/release", {}, actor=FRONT_DESK)
    assert released.status_code == 200
    assert other not in slots(staffed, visit_type="pt_evaluation", site="paola")


def test_a_held_slot_can_be_booked_until_the_hold_ends_though_its_lead_time_has_begun(
    staffed: Clinic,
) -> None:
    first, second = many_ready_to_book(staffed, 2)
    slot = slots(staffed, visit_type="pt_evaluation", site="leawood", **{"from": ""})[0]
    held = staffed.call("POST", f"/referrals/{first}/holds", wish(slot), actor=FRONT_DESK).json
    assert held is not None
    with staffed.session() as session:
        session.execute(text("UPDATE visit_type SET lead_minutes = 60 * 24 * 7 WHERE id = 'pt_evaluation'"))
    refused = book(staffed, second, slot)
    assert "inside_lead_time" in refused.json["conflicts"]
    assert book(staffed, first, slot, hold_id=held["id"]).status_code == 201


@pytest.mark.capability("S16")
def test_every_conflict_is_named_before_and_at_saving(staffed: Clinic) -> None:
    case = ready_to_book(staffed)
    slot = slots(staffed, visit_type="pt_evaluation", site="leawood")[0]
    booked(staffed, case["id"], slot)
    again = ready_to_book(staffed, patient_id=case["patient_id"])
    night = datetime.fromisoformat(slot["local_start"]).replace(hour=3)
    body = wish(slot, starts_at=night.isoformat())
    checked = staffed.call("POST", f"/referrals/{again['id']}/appointments/check", body, actor=FRONT_DESK)
    assert checked.json is not None
    named = [found["code"] for found in checked.json["conflicts"]]
    assert named == ["second_visit", "site_closed", "provider_away"]
    assert checked.json["alternatives"]
    at_that_time = staffed.call(
        "POST", f"/referrals/{again['id']}/appointments/check", wish(slot), actor=FRONT_DESK
    ).json
    assert at_that_time is not None
    codes = [found["code"] for found in at_that_time["conflicts"]]
    assert codes == ["second_visit", "patient_busy", "provider_taken"]
    saved = book(staffed, again["id"], slot)
    assert saved.json["conflicts"] == codes
    with staffed.session() as session:
        assert session.execute(text("SELECT count(*) FROM appointment")).scalar_one() == 1
    # Of a visit that moves, its own time is not in the way; what the page asks for stands beside it, by name.
    (own,) = staffed.get(f"/referrals/{case['id']}")["appointments"]

    def moving(visit: str, of: str) -> Any:
        asked = {**wish(slot), "appointment_id": visit}
        return staffed.call("POST", f"/referrals/{of}/appointments/check", asked, actor=FRONT_DESK)

    moved = moving(own["id"], case["id"]).json
    assert (moved["conflicts"], moved["may_overbook"]) == ([], False)
    assert (moved["visit"]["site_name"], moved["visit"]["local_start"]) == ("Leawood", slot["local_start"])
    assert moving(own["id"], again["id"]).status_code == 404, "another referral's visit"
    # The therapist alone is what is missing: a nurse may book over that.
    other, holder = many_ready_to_book(staffed, 2)
    full = staffed.call("POST", f"/referrals/{other}/appointments/check", wish(slot), actor=FRONT_DESK).json
    assert full is not None
    assert ([one["code"] for one in full["conflicts"]], full["may_overbook"]) == (["provider_taken"], True)
    # Somebody decides over another time just now: it is held, not taken, and said to be so.
    next_one = slots(staffed, visit_type="pt_evaluation", site="leawood")[0]
    held = staffed.call("POST", f"/referrals/{holder}/holds", wish(next_one), actor=FRONT_DESK)
    assert held.status_code == 201, held.text
    check = f"/referrals/{other}/appointments/check"
    kept = staffed.call("POST", check, wish(next_one), actor=FRONT_DESK).json
    assert kept is not None
    assert [one["code"] for one in kept["conflicts"]] == ["slot_held"]


@pytest.mark.capability("S12")
def test_provider_and_room_are_taken_together_or_not_at_all(staffed: Clinic) -> None:
    slot = slots(staffed, visit_type="pt_evaluation", site="paola")[0]
    with staffed.session() as session:
        room = session.scalars(select(Room).where(Room.site_id == "paola", Room.kind == "treatment")).one()
        room.kind = "exam"
    assert slots(staffed, visit_type="pt_evaluation", site="paola", days=3) == []
    (referral,) = many_ready_to_book(staffed, 1)
    refused = book(staffed, referral, slot)
    assert (refused.status_code, refused.json["conflicts"]) == (409, ["room_taken"])
    with staffed.session() as session:
        assert session.scalars(select(SeatUse)).all() == []
        # Not even by who saw a room free a moment ago and takes seats only now.
        rules = clinic_facts.visit_rules(clinic_records(session).visit_types["pt_evaluation"])
        at, taker = (
            datetime.fromisoformat(slot["starts_at"]),
            Taker(hold_id=new_id(), expires_at=now(session)),
        )
        with pytest.raises(SeatsTaken):
            take_seats(session, rules, taker, provider_id=slot["provider_id"], site_id="paola", starts_at=at)
        assert session.scalars(select(SeatUse)).all() == []
        session.get_one(Room, room.id).kind = "treatment"
    booked(staffed, referral, slot)
    with staffed.session() as session:
        seats = [session.get_one(Seat, use.seat_number) for use in session.scalars(select(SeatUse))]
    assert {bool(seat.room_id) for seat in seats} == {True, False}


@pytest.mark.capability("S5")
def test_a_gym_takes_as_many_as_it_has_seats_and_one_more_by_permission(staffed: Clinic) -> None:
    # A therapist treats two at a time in the gym; a third needs the nurse's word, a fourth is refused to all.
    slot = slots(staffed, visit_type="pt_follow_up", provider="amara_oyelaran")[0]
    referrals = many_ready_to_book(staffed, 5)
    booked(staffed, referrals[0], slot)
    assert slot in slots(staffed, visit_type="pt_follow_up", provider="amara_oyelaran")
    booked(staffed, referrals[1], slot)
    assert slot not in slots(staffed, visit_type="pt_follow_up", provider="amara_oyelaran")
    full = book(staffed, referrals[2], slot)
    assert (full.status_code, full.json["conflicts"]) == (409, ["provider_taken"])
    assert book(staffed, referrals[2], slot, overbook=True).status_code == 403
    extra = book(staffed, referrals[2], slot, actor=NURSE, overbook=True)
    assert (extra.status_code, extra.json["overbooked"]) == (201, True)
    assert book(staffed, referrals[3], slot, actor=NURSE, overbook=True).status_code == 409
    # The permission is for a full book, and opens no closed door.
    night = datetime.fromisoformat(slot["local_start"]).replace(hour=3).isoformat()
    shut = book(staffed, referrals[4], slot, actor=NURSE, overbook=True, starts_at=night)
    assert (shut.status_code, shut.json["conflicts"]) == (409, ["site_closed", "provider_away"])


@pytest.mark.capability("S4")
def test_buffer_lead_time_horizon_and_alignment_hold_for_each_visit_type(staffed: Clinic) -> None:
    moment = staffed.now()
    types = {one["id"]: one for one in staffed.get("/visit-types")["items"]}
    for name in ("surgical_consult", "medication_follow_up", "same_day_clinician"):
        rules = types[name]
        found = slots(staffed, visit_type=name, days=400, limit=100, **{"from": ""})
        starts = [datetime.fromisoformat(slot["local_start"]) for slot in found]
        assert min(starts) >= moment + timedelta(minutes=rules["lead_minutes"])
        assert all((s.hour * 60 + s.minute) % rules["alignment_minutes"] == 0 for s in starts)
        beyond = (moment + timedelta(days=rules["horizon_days"] + 1)).date().isoformat()
        assert slots(staffed, visit_type=name, days=30, **{"from": beyond}) == []
    first = slots(staffed, visit_type="surgical_consult", provider="ruth_castellano", limit=100)
    (referral,) = many_ready_to_book(staffed, 1, "surgical_consult")
    visit = booked(staffed, referral, first[0])
    # 45 minutes and a buffer of 5 before and 10 after: nothing of hers starts within the hour around it.
    begins = datetime.fromisoformat(visit["starts_at"])
    left = slots(staffed, visit_type="surgical_consult", provider="ruth_castellano", limit=100)
    gaps = [abs((datetime.fromisoformat(s["starts_at"]) - begins).total_seconds()) / 60 for s in left]
    assert min(gaps) >= 60
    with staffed.session() as session:
        lengths = {use.ends_at - use.starts_at for use in session.scalars(select(SeatUse))}
    assert lengths == {timedelta(minutes=60)}
    # What the search leaves out is refused by whoever asks for it all the same.
    (other,) = many_ready_to_book(staffed, 1, "surgical_consult")
    rules, step = types["surgical_consult"], timedelta(minutes=types["surgical_consult"]["alignment_minutes"])
    minute = moment.replace(second=0, microsecond=0)
    for at, why in (
        # Half of it from now: an hour's end that is near would be past by then.
        (minute + timedelta(minutes=rules["lead_minutes"] // 2), "inside_lead_time"),
        (minute.replace(minute=0) + timedelta(days=rules["horizon_days"] + 1), "beyond_horizon"),
        (datetime.fromisoformat(first[-1]["starts_at"]) + step / 2, "off_grid"),
    ):
        assert why in book(staffed, other, first[0], starts_at=at.isoformat()).json["conflicts"], why


@pytest.mark.capability("S6")
def test_a_closure_lists_the_visits_it_strands_and_stops_new_ones(staffed: Clinic) -> None:
    first, second, elsewhere = many_ready_to_book(staffed, 3)
    slot = slots(staffed, visit_type="pt_evaluation", site="paola")[0]
    visit = booked(staffed, first, slot)
    # On the same day at another site: no closure of the first touches it.
    booked(staffed, elsewhere, slots(staffed, visit_type="pt_evaluation", site="leawood")[0])
    day = datetime.fromisoformat(slot["local_start"]).date()
    body = {
        "starts_at": day.isoformat(),
        "ends_at": (day + timedelta(days=1)).isoformat(),
        "reason": "weather",
    }
    none = staffed.call("POST", "/closures", body, actor=MANAGER)
    assert none.status_code == 422
    closed = staffed.call("POST", "/closures", {**body, "site_id": "paola"}, actor=MANAGER)
    assert closed.status_code == 201, closed.text
    assert closed.json is not None
    assert [v["id"] for v in closed.json["stranded"]] == [visit["id"]]
    assert all(
        datetime.fromisoformat(s["local_start"]).date() != day
        for s in slots(staffed, visit_type="pt_evaluation", site="paola", limit=100)
    )
    refused = book(staffed, second, slot)
    assert "site_closed" in refused.json["conflicts"]
    assert staffed.get(f"/appointments/{visit['id']}")["state"] == "booked"
    instead = refused.json["alternatives"][0]
    moved = change(
        staffed,
        visit,
        "move",
        {
            "starts_at": instead["starts_at"],
            "provider_id": instead["provider_id"],
            "site_id": instead["site"],
        },
    )
    assert moved.status_code == 200, moved.text
    assert staffed.get("/closures", MANAGER)["items"][0]["stranded"] == []
    away = {**body, "provider_id": instead["provider_id"], "reason": "leave"}
    away["starts_at"], away["ends_at"] = instead["starts_at"], instead["ends_at"]
    leave = staffed.call("POST", "/closures", away, actor=MANAGER)
    assert leave.json is not None
    assert [v["id"] for v in leave.json["stranded"]] == [visit["id"]]
    there = {"visit_type": "pt_evaluation", "site": instead["site"], "provider": instead["provider_id"]}
    free = [one["starts_at"] for one in slots(staffed, **there, limit=100)]
    assert all(datetime.fromisoformat(at) != datetime.fromisoformat(instead["starts_at"]) for at in free)
    assert "provider_away" in book(staffed, second, instead | {"site": instead["site"]}).json["conflicts"]
    for closure in staffed.get("/closures", MANAGER)["items"]:
        lifted = staffed.call("POST", f"/closures/{closure['id']}/lift", {}, actor=MANAGER, version=1)
        assert lifted.status_code == 200
    booked(staffed, second, slot)


@pytest.mark.capability("S6")
def test_a_change_that_was_rolled_back_leaves_nothing_behind_in_what_is_kept(staffed: Clinic) -> None:
    """Facts are kept by their number: a number given to a change that never was must not come again."""
    with pytest.raises(ZeroDivisionError), staffed.session() as session:
        session.execute(text("UPDATE site SET phone = 'none' WHERE id = 'paola'"))
        assert clinic_records(session).sites["paola"].phone == "none"
        raise ZeroDivisionError
    with staffed.session() as session:
        session.execute(text("UPDATE site SET name = 'Paola East' WHERE id = 'paola'"))
    with staffed.session() as session:
        paola = clinic_records(session).sites["paola"]
    assert (paola.name, paola.phone) == ("Paola East", "+19135550140")


def test_facts_read_after_their_number_was_asked_for_are_kept_only_while_it_stands(
    staffed: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    read = clinic_facts._read

    def counted(session: Session, visit: VisitRules) -> clinic_facts.Clinic:
        reads.append(visit.id)
        return read(session, visit)

    monkeypatch.setattr(clinic_facts, "_read", counted)
    with staffed.session() as session:
        records = clinic_records(session)
        rules = clinic_facts.visit_rules(records.visit_types["pt_evaluation"])
    with staffed.session() as session:
        session.execute(text("UPDATE site_hours SET until_minute = until_minute - 5 WHERE site_id = 'paola'"))
    with staffed.session() as session:
        for _ in range(2):
            clinic_facts.clinic_for(session, rules, records.revision)
        assert len(reads) == 2, "what stands under another number now is not kept under this one"
        for _ in range(2):
            clinic_facts.clinic_for(session, rules)
        assert len(reads) == 3


@pytest.mark.capability("S6")
@pytest.mark.parametrize(
    ("change_made", "why"),
    [
        ("UPDATE site_hours SET until_minute = from_minute + 5 WHERE site_id = 'paola'", "site_closed"),
        (
            "UPDATE provider_hours SET valid_until = '2026-01-01' WHERE provider_id = 'devin_marsh'",
            "provider_away",
        ),
        ("DELETE FROM provider_skill WHERE provider_id = 'devin_marsh'", "no_skill"),
        ("UPDATE provider SET active = false WHERE id = 'devin_marsh'", "no_skill"),
        ("UPDATE room SET kind = 'exam' WHERE site_id = 'paola'", "room_gone"),
        ("UPDATE visit_type SET active = false WHERE id = 'pt_evaluation'", "kind_ended"),
        ("UPDATE site SET active = false WHERE id = 'paola'", "site_closed"),
    ],
)
def test_a_change_of_hours_rooms_people_or_visit_types_lists_whom_it_strands(
    staffed: Clinic, change_made: str, why: str
) -> None:
    (referral,) = many_ready_to_book(staffed, 1)
    slot = slots(staffed, visit_type="pt_evaluation", site="paola", provider="devin_marsh")[0]
    visit = booked(staffed, referral, slot)
    assert staffed.get("/stranded-visits", FRONT_DESK)["items"] == []
    with staffed.session() as session:
        session.execute(text(change_made))
    (stranded,) = staffed.get("/stranded-visits", FRONT_DESK)["items"]
    assert (stranded["id"], why in stranded["why"]) == (visit["id"], True)
    assert stranded["patient"]["phone"] == "+18165550142"
    # Nothing was cancelled by the change: a person moves or cancels each, and then nobody is left.
    assert change(staffed, visit, "cancel", {"reason_code": "site_closed"}).status_code == 200
    assert staffed.get("/stranded-visits", FRONT_DESK)["items"] == []


@pytest.mark.capability("S17")
def test_a_past_visit_without_an_outcome_asks_staff_and_is_never_a_silent_no_show(staffed: Clinic) -> None:
    (referral,) = many_ready_to_book(staffed, 1)
    slot = slots(staffed, visit_type="pt_evaluation", site="leawood")[0]
    visit = booked(staffed, referral, slot)
    with staffed.session() as session:
        assert ask_about_past_visits(session) == 0
        # Ten minutes over: whoever is with the patient still may say it by themselves.
        over = "UPDATE appointment SET starts_at = :at - interval '40 minutes', ends_at = :at"
        session.execute(text(over), {"at": now(session) - timedelta(minutes=10)})
        assert ask_about_past_visits(session) == 0
        session.execute(text(over), {"at": now(session) - timedelta(days=3)})
    with staffed.session() as session:
        assert ask_about_past_visits(session) == 1
    with staffed.session() as session:
        assert ask_about_past_visits(session) == 0
    read = staffed.get(f"/appointments/{visit['id']}")
    assert (read["state"], read["asks"]) == ("booked", "outcome")
    assert [v["id"] for v in staffed.get("/appointments?asks=outcome")["items"]] == [visit["id"]]
    missed = change(staffed, read, "outcome", {"outcome": "no_show", "note": "Called twice, no answer."})
    assert missed.status_code == 200, missed.text
    told = {
        actor.role: [
            one["details"].get("note") for one in staffed.get(f"/referrals/{referral}", actor)["timeline"]
        ]
        for actor in (NURSE, FRONT_DESK)
    }
    assert "Called twice, no answer." in told["nurse"]
    assert "Called twice, no answer." not in told["front_desk"]
    with staffed.session() as session:
        sealed = session.execute(
            text("SELECT note_sealed FROM appointment_change WHERE kind = 'record_outcome'")
        )
        assert b"Called" not in sealed.scalar_one()
    case = staffed.get(f"/referrals/{referral}")
    assert (case["state"], case["attempts"]) == ("to_book", 1)
    assert staffed.get("/appointments?asks=any")["items"] == []
    assert datetime.fromisoformat(read["local_start"]).tzinfo is not None
    assert CHICAGO.key == read["site"]["time_zone"]

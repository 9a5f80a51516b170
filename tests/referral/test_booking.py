"""Booking through the API: what is offered can be booked, once; everything else is refused with what can be."""

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import select, text

from kernel.contracts.reply import ReplyMeant
from kernel.ids import new_id
from services.referral.actions.seed_clinic import read_clinic, seed_clinic
from services.referral.model.appointment import Appointment
from services.referral.model.schedule import Seat, SeatUse
from tests.referral.calendar_steps import CHICAGO, book, booked, change, events, ready_to_book, slots
from tests.referral.conftest import FRONT_DESK, NURSE, Clinic


def test_seeding_twice_changes_nothing(staffed: Clinic) -> None:
    def seats() -> list[tuple[int, int, bool]]:
        with staffed.session() as session:
            return [
                (s.number, s.ordinal, s.active) for s in session.scalars(select(Seat).order_by(Seat.number))
            ]

    before = seats()
    with staffed.session() as session:
        seed_clinic(session, read_clinic())
    assert seats() == before
    sites = staffed.get("/sites")["items"]
    assert {site["id"] for site in sites} == {"lees_summit", "grandview", "leawood", "paola", "garnett"}
    assert {site["state"] for site in sites} == {"MO", "KS"}
    assert len(staffed.get("/visit-types")["items"]) >= 6
    assert all(p["visit_types"] and p["sites"] for p in staffed.get("/providers")["items"])


@pytest.mark.capability("S1")
def test_search_lists_every_site_earliest_first_with_badges(
    staffed: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How fast it is, the bench says (PERF-8); here, that it asks no more of the database for more sites and days."""
    asked: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(cursor: Any, query: Any, *given: Any, **more: Any) -> Any:
        asked.append(str(query))
        return execute(cursor, query, *given, **more)

    slots(staffed, visit_type="pt_evaluation", days=90)
    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    slots(staffed, visit_type="pt_evaluation", days=2, site="paola", limit=1)
    little = len(asked)
    asked.clear()
    found = slots(staffed, visit_type="pt_evaluation", days=90, limit=100, **{"from": ""})
    monkeypatch.undo()
    assert 0 < len(asked) <= little <= 12, asked
    starts = [slot["starts_at"] for slot in found]
    assert starts == sorted(starts)
    gives = {p["id"]: p for p in staffed.get("/providers")["items"] if "pt_evaluation" in p["visit_types"]}
    assert {slot["site"] for slot in found} == {site for one in gives.values() for site in one["sites"]}
    assert len({slot["site"] for slot in found}) == 5
    assert {slot["provider_id"] for slot in found} <= gives.keys()
    today = staffed.now().astimezone(CHICAGO).date()
    for slot in found:
        day = datetime.fromisoformat(slot["local_start"]).date()
        assert slot["badge"] == {0: "today", 1: "tomorrow"}.get((day - today).days)
    assert found[0]["badge"] == "today"
    wider = slots(staffed, route="physical_therapy", days=14, limit=100, **{"from": "2030-01-02"})
    assert wider == []


def test_a_booked_visit_takes_provider_and_room_and_tells_the_others(staffed: Clinic) -> None:
    referral = ready_to_book(staffed)
    slot = slots(staffed, visit_type="pt_evaluation")[0]
    visit = booked(staffed, referral["id"], slot)
    assert (visit["state"], visit["visit_version"]) == ("booked", 1)
    assert visit["patient"]["name"] == "Ines Example"
    assert visit["local_start"] == slot["local_start"]
    assert staffed.get(f"/referrals/{referral['id']}")["state"] == "booked"
    assert events(staffed, "appointment_booked") == 1
    assert slot not in slots(staffed, visit_type="pt_evaluation")
    with staffed.session() as session:
        taken = session.scalars(select(SeatUse)).all()
        owners = {bool(session.get_one(Seat, use.seat_number).room_id) for use in taken}
    # An evaluation needs the therapist alone (two seats) and one treatment room, with five minutes to tidy up.
    assert (len(taken), owners) == (3, {True, False})
    assert {use.ends_at - use.starts_at for use in taken} == {timedelta(minutes=50)}


@pytest.mark.capability("S2")
def test_a_taken_slot_is_refused_with_the_next_ones(staffed: Clinic) -> None:
    slot = slots(staffed, visit_type="pt_evaluation", site="paola")[0]
    booked(staffed, ready_to_book(staffed)["id"], slot)
    refused = book(staffed, ready_to_book(staffed)["id"], slot)
    assert (refused.status_code, refused.json["code"]) == (409, "slot_taken")
    assert refused.json["conflicts"] == ["provider_taken", "room_taken"]
    instead = refused.json["alternatives"][0]
    assert instead["site"] == "paola"
    third = ready_to_book(staffed)
    booked(staffed, third["id"], {**instead, "site": instead["site"]})


@pytest.mark.parametrize(
    ("change_by", "status", "code"),
    [
        ({"starts_at": "2020-03-03T15:00:00+00:00"}, 409, "in_past"),
        ({"starts_at": "three o clock"}, 422, "not_a_time"),
        ({"hour": 3}, 409, "site_closed"),
        ({"minute": 7}, 409, "off_grid"),
        ({"site_id": "garnett"}, 409, "provider_away"),
        ({"site_id": "atlantis"}, 422, "unknown"),
        ({"provider_id": "nobody"}, 422, "unknown"),
        ({"visit_type": "surgical_consult"}, 409, "wrong_route"),
        ({"visit_type": "tea"}, 422, "unknown"),
        ({"provider_id": "ruth_castellano"}, 409, "no_skill"),
        ({"minutes": 0}, 422, "invalid"),
        ({"ends_at": "2030-03-03T15:00:00+00:00"}, 422, "invalid"),
        ({"days": 100}, 409, "beyond_horizon"),
    ],
)
def test_what_is_not_offered_cannot_be_booked(
    staffed: Clinic, change_by: dict[str, Any], status: int, code: str
) -> None:
    """BAD-57, BAD-62: a time in the past, in closed hours, of another site or kind, of no length or 25 hours."""
    referral = ready_to_book(staffed)
    slot = slots(staffed, visit_type="pt_evaluation", site="leawood", provider="tomas_quintero")[0]
    change_by = dict(change_by)
    start = datetime.fromisoformat(slot["local_start"])
    start = start.replace(
        hour=change_by.pop("hour", start.hour), minute=change_by.pop("minute", start.minute)
    )
    start += timedelta(days=change_by.pop("days", 0))
    answer = book(staffed, referral["id"], {**slot, "starts_at": start.isoformat()}, **change_by)
    assert answer.status_code == status, answer.text
    body = answer.json
    codes = [body["code"], *body.get("conflicts", []), *(e["code"] for e in body.get("errors", []))]
    assert code in codes
    with staffed.session() as session:
        assert session.scalars(select(SeatUse)).all() == []


def test_a_red_flag_hold_refuses_booking_with_a_phone_number(staffed: Clinic) -> None:
    """BAD-59."""
    slot = slots(staffed, visit_type="same_day_clinician")[0]
    flagged = staffed.submit({"age_years": 51, "regions": ["low_back"], "saddle_numbness": True})
    refused = book(staffed, flagged["id"], slot)
    assert (refused.status_code, refused.json["code"]) == (409, "red_flag_hold")
    assert refused.json["phone"].startswith("+1")


def test_booking_twice_and_before_acceptance_is_refused(staffed: Clinic) -> None:
    """BAD-60, and BAD-61: triage cannot be skipped."""
    first, *_, second = slots(staffed, visit_type="pt_evaluation", site="leawood")[:9]
    waiting = staffed.submit()
    early = book(staffed, waiting["id"], first)
    assert (early.status_code, early.json["code"]) == (409, "illegal_move")
    assert "accept" in early.json["allowed"]
    accepted = staffed.do(waiting, "accept")
    booked(staffed, accepted["id"], first)
    again = book(staffed, accepted["id"], second)
    assert again.status_code == 409
    patient = accepted["patient_id"]
    other = ready_to_book(staffed, patient_id=patient)
    twice = book(staffed, other["id"], second)
    assert (twice.status_code, twice.json["code"]) == (409, "second_visit")


@pytest.mark.capability("S8")
def test_a_move_keeps_the_visit_and_counts_as_a_reschedule(staffed: Clinic) -> None:
    referral = ready_to_book(staffed)
    first, later = (slots(staffed, visit_type="pt_evaluation", site="leawood")[n] for n in (0, 5))
    visit = booked(staffed, referral["id"], first)
    stale = staffed.call(
        "POST",
        f"/appointments/{visit['id']}/move",
        {"starts_at": later["starts_at"]},
        actor=FRONT_DESK,
        version=9,
    )
    assert stale.status_code == 412
    assert stale.json is not None
    assert stale.json["current"]["state"] == "booked"
    visit = change(staffed, visit, "confirm", {"channel": "phone"}).json
    assert visit["state"] == "confirmed"
    moved = change(
        staffed, visit, "move", {"starts_at": later["starts_at"], "provider_id": later["provider_id"]}
    )
    assert moved.status_code == 200, moved.text
    assert moved.json["id"] == visit["id"]
    assert (moved.json["visit_version"], moved.json["moves"]) == (2, 1)
    assert (moved.json["state"], moved.json["confirmed_at"]) == ("booked", None), "it is to be confirmed anew"
    assert moved.json["first_starts_at"] == visit["starts_at"]
    assert staffed.get(f"/referrals/{referral['id']}")["attempts"] == 0
    assert first in slots(staffed, visit_type="pt_evaluation", site="leawood")
    assert later not in slots(staffed, visit_type="pt_evaluation", site="leawood")
    assert (events(staffed, "appointment_moved"), events(staffed, "appointment_cancelled")) == (1, 0)
    history = staffed.get(f"/appointments/{visit['id']}")["changes"]
    assert [c["kind"] for c in history] == ["book", "confirm", "move"]
    assert history[2]["before"]["starts_at"] != history[2]["after"]["starts_at"]


def test_a_move_onto_its_own_time_and_a_refused_move_keep_the_seat(staffed: Clinic) -> None:
    first, _, third = slots(staffed, visit_type="pt_evaluation", site="paola")[:3]
    visit = booked(staffed, ready_to_book(staffed)["id"], first)
    other = booked(staffed, ready_to_book(staffed)["id"], third)
    refused = change(staffed, visit, "move", {"starts_at": third["starts_at"]})
    assert (refused.status_code, refused.json["code"]) == (409, "slot_taken")
    assert first not in slots(staffed, visit_type="pt_evaluation", site="paola")
    # Half an hour later overlaps the visit's own old time, which is no obstacle.
    half_an_hour_on = datetime.fromisoformat(third["starts_at"]) + timedelta(minutes=30)
    shifted = change(staffed, other, "move", {"starts_at": half_an_hour_on.isoformat()})
    assert shifted.status_code == 200, shifted.text


def test_cancel_frees_the_slot_and_sends_the_referral_back_with_the_attempt_counted(staffed: Clinic) -> None:
    referral = ready_to_book(staffed)
    slot = slots(staffed, visit_type="pt_evaluation", site="leawood")[0]
    visit = booked(staffed, referral["id"], slot)
    refused = change(staffed, visit, "cancel", {"reason_code": "because"})
    assert refused.status_code == 422
    cancelled = change(staffed, visit, "cancel", {"reason_code": "patient_cannot_come"})
    assert (cancelled.status_code, cancelled.json["state"]) == (200, "cancelled")
    case = staffed.get(f"/referrals/{referral['id']}")
    assert (case["state"], case["attempts"]) == ("to_book", 1)
    assert slot in slots(staffed, visit_type="pt_evaluation", site="leawood")
    assert events(staffed, "appointment_cancelled") == 1
    assert change(staffed, cancelled.json, "check-in").json["allowed"] == []
    booked(staffed, referral["id"], slot)


def test_check_in_then_attended_and_no_show(staffed: Clinic) -> None:
    referral = ready_to_book(staffed)
    slot = slots(staffed, visit_type="pt_evaluation", site="leawood")[0]
    visit = booked(staffed, referral["id"], slot)
    early = change(staffed, visit, "outcome", {"outcome": "no_show"})
    assert (early.status_code, early.json["code"]) == (409, "not_yet")
    arrived = change(staffed, visit, "check-in").json
    assert (arrived["state"], staffed.get(f"/referrals/{referral['id']}")["state"]) == ("arrived", "arrived")
    undone = change(staffed, arrived, "undo-check-in").json
    assert undone["state"] == "booked"
    again = change(staffed, undone, "check-in").json
    attended = change(staffed, again, "outcome", {"outcome": "attended"})
    assert attended.json["state"] == "attended"
    assert staffed.get(f"/referrals/{referral['id']}")["state"] == "attended"
    day = staffed.get(f"/appointments?date={slot['local_start'][:10]}&site=leawood", actor=FRONT_DESK)
    assert (day["counts"], day["items"][0]["id"]) == ({"attended": 1}, visit["id"])
    assert staffed.get("/appointments?site=paola", actor=FRONT_DESK)["items"] == []


def test_replies_confirm_or_ask_but_only_about_the_version_they_answer(staffed: Clinic) -> None:
    referral = ready_to_book(staffed)
    found = slots(staffed, visit_type="pt_evaluation", site="leawood")
    visit = booked(staffed, referral["id"], found[0])

    def reply(meaning: str, version: int) -> dict[str, Any]:
        said = ReplyMeant(
            appointment_id=visit["id"],
            appointment_version=version,
            patient_id=visit["patient_id"],
            reply_id=new_id(),
            channel="sms",
            received_at=staffed.now(),
        )
        heard = staffed.tell("notify", f"reply_{meaning}", said.reply_id, said)
        assert heard.status_code == 204, heard.text
        read: dict[str, Any] = staffed.get(f"/appointments/{visit['id']}")
        return read

    asked = reply("reschedule", 1)
    assert (asked["state"], asked["asks"]) == ("booked", "reschedule")
    assert [v["id"] for v in staffed.get("/appointments?asks=any")["items"]] == [visit["id"]]
    confirmed = reply("confirmed", 1)
    assert (confirmed["state"], confirmed["confirmed_by_channel"], confirmed["asks"]) == (
        "confirmed",
        "sms",
        "",
    )
    moved = change(staffed, confirmed, "move", {"starts_at": found[4]["starts_at"]}).json
    assert (moved["state"], moved["confirmed_at"]) == ("booked", None)
    late = reply("confirmed", 1)
    assert late["state"] == "booked"
    assert reply("cannot_come", 2)["asks"] == "cannot_come"
    assert reply("cannot_come", 1)["changes"][-1]["kind"] == "note_late_reply"


def test_the_front_desk_may_not_overbook_and_a_nurse_may(staffed: Clinic) -> None:
    slot = slots(staffed, visit_type="pt_evaluation", site="lees_summit", provider="amara_oyelaran")[0]
    booked(staffed, ready_to_book(staffed)["id"], slot)
    waiting = ready_to_book(staffed)
    assert book(staffed, waiting["id"], slot, overbook=True).status_code == 403
    body = {
        "visit_type": slot["visit_type"],
        "provider_id": slot["provider_id"],
        "site_id": slot["site"],
        "starts_at": slot["starts_at"],
        "overbook": True,
    }
    allowed = staffed.call("POST", f"/referrals/{waiting['id']}/appointments", body, actor=NURSE)
    assert (allowed.status_code, allowed.json and allowed.json["overbooked"]) == (201, True)
    third = ready_to_book(staffed)
    full = staffed.call("POST", f"/referrals/{third['id']}/appointments", body, actor=NURSE)
    assert full.status_code == 409


@pytest.mark.capability("S7")
def test_wall_clock_times_in_the_gap_or_the_repeated_hour_are_not_guessed(staffed: Clinic) -> None:
    """BAD-58."""
    referral = ready_to_book(staffed)
    slot = slots(staffed, visit_type="pt_evaluation", site="leawood")[0]
    gap = book(staffed, referral["id"], {**slot, "starts_at": "2027-03-14T02:30:00"})
    assert (gap.status_code, gap.json["errors"][0]["code"]) == (422, "no_such_local_time")
    twice = book(staffed, referral["id"], {**slot, "starts_at": "2027-11-07T01:30:00"})
    assert (twice.status_code, twice.json["code"]) == (422, "ambiguous_local_time")
    assert twice.json["choices"] == ["2027-11-07T01:30:00-05:00", "2027-11-07T01:30:00-06:00"]
    plain = book(staffed, referral["id"], {**slot, "starts_at": slot["local_start"][:19]})
    assert plain.status_code == 201


def test_the_database_refuses_an_overlap_whoever_writes_it(staffed: Clinic) -> None:
    visit = booked(staffed, ready_to_book(staffed)["id"], slots(staffed, visit_type="pt_evaluation")[0])
    copy = """INSERT INTO seat_use (id, seat_number, appointment_id, starts_at, ends_at)
        SELECT gen_random_uuid(), seat_number, appointment_id, ends_at - interval '5 min', ends_at + interval '1 h'
        FROM seat_use WHERE appointment_id = :id LIMIT 1"""
    with pytest.raises(Exception, match="ex_seat_use_span"), staffed.session() as session:
        session.execute(text(copy), {"id": visit["id"]})
    with staffed.session() as session:
        assert len(session.scalars(select(Appointment)).all()) == 1

"""What changes while a slot is on offer: the clinic closes, a referral becomes urgent, a visit passes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from kernel.context import Actor
from kernel.ids import new_id
from services.referral.actions.offer_freed_slot import run_offers
from services.referral.model.referral import Referral
from tests.referral.calendar_steps import booked, change, events, many_ready_to_book, slots
from tests.referral.conftest import FRONT_DESK, MANAGER, Clinic


@pytest.fixture
def own(staffed: Clinic) -> Callable[..., Any]:
    """Call the patients' side as intake does."""

    def call(method: str, path: str, body: Any = None) -> Any:
        return staffed.call(method, f"/self{path}", body, actor=None, service="intake")

    return call


def paola(clinic: Clinic, days: int) -> list[dict[str, Any]]:
    day = (clinic.now() + timedelta(days=days)).date().isoformat()
    return slots(clinic, visit_type="pt_evaluation", site="paola", **{"from": day})


def wait(clinic: Clinic, referral: str) -> None:
    joined = clinic.call("POST", f"/referrals/{referral}/waitlist", {"sites": ["paola"]}, actor=FRONT_DESK)
    assert joined.status_code == 201, joined.text


@pytest.mark.capability("S6", "S11")
def test_closing_the_time_withdraws_its_offers_and_nobody_can_claim_it(
    staffed: Clinic, own: Callable[..., Any]
) -> None:
    holder, other, waits, also = many_ready_to_book(staffed, 4)
    slot, elsewhere = paola(staffed, 6)[0], paola(staffed, 9)[0]
    visits = [booked(staffed, holder, slot), booked(staffed, other, elsewhere)]
    wait(staffed, waits)
    change(staffed, visits[0], "cancel", {"reason_code": "patient_cannot_come"})
    wait(staffed, also)
    change(staffed, visits[1], "cancel", {"reason_code": "patient_cannot_come"})
    rounds = {one["starts_at"]: one for one in staffed.get("/offers", FRONT_DESK)["items"]}
    assert [one["state"] for one in rounds.values()] == ["open", "open"]
    first = next(r for at, r in rounds.items() if same_time(at, slot["starts_at"]))
    day = datetime.fromisoformat(slot["local_start"]).date()
    body = {
        "provider_id": slot["provider_id"],
        "starts_at": day.isoformat(),
        "ends_at": (day + timedelta(days=1)).isoformat(),
        "reason": "illness",
    }
    closed = staffed.call("POST", "/closures", body, actor=MANAGER)
    assert (closed.status_code, closed.json and closed.json["stranded"]) == (201, [])
    now = {one["id"]: one for one in staffed.get("/offers", FRONT_DESK)["items"]}
    assert now[first["id"]]["state"] == "stopped"
    assert {offer["state"] for offer in now[first["id"]]["offers"]} == {"withdrawn"}
    # Only what the closure takes away: the round of another day goes on.
    assert sorted(one["state"] for one in now.values()) == ["open", "stopped"]
    late = own("POST", f"/offers/{first['offers'][0]['id']}/claim", {})
    assert (late.status_code, late.json["code"]) == (409, "offer_gone")
    assert all(datetime.fromisoformat(one["starts_at"]).date() != day for one in late.json["alternatives"])
    # Who still waits is told that the time is gone, and keeps their place.
    assert events(staffed, "slot_offer_ended") == 1
    assert waits in {entry["referral_id"] for entry in staffed.get("/waitlist", FRONT_DESK)["items"]}
    with staffed.session() as session:
        kept = session.execute(text("SELECT count(*) FROM seat_use WHERE hold_id IS NOT NULL")).scalar_one()
    assert kept == 3, "the provider, alone, and a room for the round that goes on"


@pytest.mark.capability("S11")
def test_no_further_batch_is_offered_a_time_the_clinic_no_longer_gives(staffed: Clinic) -> None:
    holder, *waiting = many_ready_to_book(staffed, 5)
    visit = booked(staffed, holder, paola(staffed, 6)[0])
    for referral in waiting:
        wait(staffed, referral)
    change(staffed, visit, "cancel", {"reason_code": "patient_cannot_come"})
    with staffed.session() as session:
        # Changed by whatever way, a file for one: no deed of ours saw it.
        session.execute(text("DELETE FROM provider_skill WHERE provider_id = 'devin_marsh'"))
        session.execute(text("UPDATE offer_round SET batch_until = batch_until - interval '1 hour'"))
    with staffed.session() as session:
        assert run_offers(session) == 1
    (ended,) = staffed.get("/offers", FRONT_DESK)["items"]
    assert (ended["state"], ended["batch"], len(ended["offers"])) == ("exhausted", 1, 3)


@pytest.mark.capability("S11")
def test_urgency_is_the_referrals_now_and_a_visit_that_is_over_is_no_earlier_one(staffed: Clinic) -> None:
    holder, *waiting, urgent, forgotten = many_ready_to_book(staffed, 6)
    slot = paola(staffed, 6)[0]
    visit = booked(staffed, holder, slot)
    past = booked(staffed, forgotten, paola(staffed, 12)[0])
    for referral in (*waiting, urgent, forgotten):
        wait(staffed, referral)
    with staffed.session() as session:
        session.get_one(Referral, UUID(urgent)).priority = "P2"
        # Nobody has recorded what became of this one; its patient has no visit to come and is not to be moved.
        session.execute(
            text(
                "UPDATE appointment SET starts_at = starts_at - interval '20 days',"
                " ends_at = ends_at - interval '20 days' WHERE id = :id"
            ),
            {"id": past["id"]},
        )
    listed = staffed.get("/waitlist", FRONT_DESK)["items"]
    assert (listed[0]["referral_id"], listed[0]["priority"]) == (urgent, "P2")
    change(staffed, visit, "cancel", {"reason_code": "patient_cannot_come"})
    entries = {entry["id"]: entry["referral_id"] for entry in listed}
    (opened,) = staffed.get("/offers", FRONT_DESK)["items"]
    offered = {entries[offer["entry_id"]] for offer in opened["offers"]}
    assert offered == {urgent, *waiting[:2]}


@pytest.mark.capability("S11")
def test_a_patient_who_calls_about_an_offer_gets_it_from_the_desk_and_a_late_colleague_is_told(
    staffed: Clinic, own: Callable[..., Any]
) -> None:
    holder, calls, also = many_ready_to_book(staffed, 3)
    slot = paola(staffed, 6)[0]
    visit = booked(staffed, holder, slot)
    for referral in (calls, also):
        wait(staffed, referral)
    entries = {entry["id"]: entry["referral_id"] for entry in staffed.get("/waitlist", FRONT_DESK)["items"]}
    change(staffed, visit, "cancel", {"reason_code": "patient_cannot_come"})
    (opened,) = staffed.get("/offers", FRONT_DESK)["items"]
    mine = next(offer for offer in opened["offers"] if entries[offer["entry_id"]] == calls)
    other = next(offer for offer in opened["offers"] if offer != mine)
    # A warning sign is open: by the link they are asked to call, and so they do.
    with staffed.session() as session:
        session.get_one(Referral, UUID(calls)).open_warnings = ["RF_CES"]
    assert own("POST", f"/offers/{mine['id']}/claim", {}).json["code"] == "questions_open"
    path, body = f"/offers/{opened['id']}/claim", {"offer_id": mine["id"]}

    def claim(version: int | None, actor: Any = FRONT_DESK, sent: Any = None) -> Any:
        return staffed.call("POST", path, sent or body, actor=actor, version=version)

    assert claim(None).status_code == 428
    assert claim(opened["version"], MANAGER).status_code == 403
    assert claim(opened["version"], sent={"offer_id": str(new_id())}).status_code == 404
    # A desk of the slot's site that may not open the patient's case books nothing for them.
    there = Actor("staff", "desk-2", "front_desk", "Dee Only", sites=("paola",))
    with staffed.session() as session:
        session.get_one(Referral, UUID(calls)).site = "liberty"
    assert claim(opened["version"], there).status_code == 404
    with staffed.session() as session:
        session.get_one(Referral, UUID(calls)).site = "paola"
    taken = claim(opened["version"], there)
    assert (taken.status_code, taken.json["referral_id"]) == (200, calls), taken.text
    assert same_time(taken.json["starts_at"], slot["starts_at"])
    history = staffed.get(f"/appointments/{taken.json['id']}")["changes"]
    assert (history[0]["kind"], history[0]["actor"]["role"]) == ("book", "front_desk")
    # A colleague whose page is a moment old is told what became of the round; the loser by their own page.
    late = claim(opened["version"], sent={"offer_id": other["id"]})
    assert (late.status_code, late.json["current"]["state"]) == (412, "claimed")
    assert own("POST", f"/offers/{other['id']}/claim", {}).json["code"] == "offer_gone"


def same_time(one: str, other: str) -> bool:
    return datetime.fromisoformat(one) == datetime.fromisoformat(other)

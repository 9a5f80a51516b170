"""Whoever needs two providers locks both in one order, with people waiting for what is freed: no circle."""

import os
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from kernel.clock import started_at
from kernel.context import Actor
from kernel.rows import cursor
from services.referral.actions.check_slot import Wish
from services.referral.actions.end_hold import expire_holds
from services.referral.actions.hold_slot import hold_slot
from services.referral.actions.take_seats import lock_providers
from services.referral.model.referral import Referral
from services.referral.queries.referrals import (
    find_in_turn,
    find_referral,
    in_turn_question,
    referral_in_turn,
)
from tests.referral.calendar_steps import book, booked, change, many_ready_to_book, slots, wish
from tests.referral.conftest import FRONT_DESK, Clinic

# Few in a test run; MOVES=10000 by hand takes an hour of machine time and shows the same.
MOVES = int(os.environ.get("MOVES", "24"))
WAITING = 8
# What an offer round leaves behind is put away between rounds, so that every move frees a slot that is offered again.
PUT_AWAY = (
    "UPDATE offer_round SET state = 'stopped', closed_at = now() WHERE state = 'open'",
    "DELETE FROM slot_offer",
    "DELETE FROM seat_use WHERE hold_id IS NOT NULL",
    "UPDATE slot_hold SET ended = 'released' WHERE ended = ''",
)

BEHIND_ME = """
SELECT count(*) FROM pg_locks AS mine JOIN pg_locks AS its USING (transactionid)
WHERE mine.pid = pg_backend_pid() AND mine.granted AND NOT its.granted
"""
WAITS_FOR_ME = """
SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))
"""


def place(slot: dict[str, Any]) -> dict[str, Any]:
    return {"starts_at": slot["starts_at"], "provider_id": slot["provider_id"], "site_id": slot["site"]}


def test_opposite_moves_between_two_providers_never_wait_for_one_another(staffed: Clinic) -> None:
    first, second, *rest = many_ready_to_book(staffed, 2 + WAITING)
    spots = {
        name: slots(staffed, visit_type="pt_evaluation", provider=name, days=30, limit=40)
        for name in ("tomas_quintero", "amara_oyelaran")
    }
    one, other = spots["tomas_quintero"], spots["amara_oyelaran"]
    visits = [booked(staffed, first, one[0]), booked(staffed, second, other[4])]
    for referral in rest:
        staffed.call("POST", f"/referrals/{referral}/waitlist", {"notice_minutes": 0}, actor=FRONT_DESK)
    ways = [(place(other[0]), place(one[0])), (place(one[4]), place(other[4]))]
    offered = 0
    with ThreadPoolExecutor(2) as pool:
        for number in range(MOVES // 2):
            barrier = Barrier(2)

            def move(visit: dict[str, Any], to: dict[str, Any], barrier: Barrier = barrier) -> Any:
                barrier.wait(30)
                return change(staffed, visit, "move", to)

            answers = list(pool.map(move, visits, [way[number % 2] for way in ways]))
            assert [answer.status_code for answer in answers] == [200, 200], [a.text for a in answers]
            visits = [answer.json for answer in answers]
            with staffed.session() as session:
                offered += session.execute(
                    text("SELECT count(*) FROM offer_round WHERE state = 'open'")
                ).scalar_one()
                for statement in PUT_AWAY:
                    session.execute(text(statement))
    # Without offers the moves would need one provider each, and prove nothing.
    assert offered == 2 * (MOVES // 2)


@pytest.mark.capability("S13")
def test_a_series_over_two_therapists_is_cancelled_behind_both_locks_in_one_order(staffed: Clinic) -> None:
    """Somebody has the first of the two in that order: whoever cancels waits with nothing in hand."""
    referral, *rest = many_ready_to_book(staffed, 1 + WAITING)
    for one in rest:
        body = {"notice_minutes": 0, "visit_type": "therapy_series"}
        staffed.call("POST", f"/referrals/{one}/waitlist", body, actor=FRONT_DESK)
    start = slots(staffed, visit_type="therapy_series", provider="tomas_quintero")[0]
    wanted = {
        "provider_id": "tomas_quintero",
        "site_id": "leawood",
        "first_start": start["local_start"][:19],
        "weekdays": [datetime.fromisoformat(start["local_start"]).weekday()],
        "count": 2,
    }
    made = staffed.call("POST", f"/referrals/{referral}/series", wanted, actor=FRONT_DESK)
    assert made.json is not None, made.text
    visit, day = made.json["items"][1], made.json["items"][1]["local_start"][:10]
    other = slots(staffed, visit_type="therapy_series", provider="amara_oyelaran", **{"from": day})[0]
    moved = change(staffed, visit, "move", place(other))
    assert moved.status_code == 200, moved.text
    with staffed.session() as session:
        session.execute(text(PUT_AWAY[0]))
    path, lock = (
        f"/series/{made.json['series_id']}/cancel",
        "SELECT 1 FROM provider WHERE id = :id FOR NO KEY UPDATE",
    )
    (seen,) = staffed.get(f"/referrals/{referral}")["series"]
    version = seen["version"]
    with ThreadPoolExecutor(1) as beside:
        with staffed.session() as session:
            session.execute(text(lock), {"id": "amara_oyelaran"})
            body = {"reason_code": "patient_declined"}
            cancelling = beside.submit(staffed.call, "POST", path, body, actor=FRONT_DESK, version=version)
            until = time.monotonic() + 30
            while not session.execute(text(BEHIND_ME)).scalar_one():
                assert not cancelling.done(), cancelling.result().text
                assert time.monotonic() < until
            session.execute(text(f"{lock} NOWAIT"), {"id": "tomas_quintero"})
        done = cancelling.result(60)
    assert done.status_code == 200, done.text
    assert done.json is not None
    assert len(done.json["items"]) == 2
    with staffed.session() as session:
        opened = session.execute(text("SELECT count(*) FROM offer_round WHERE state = 'open'")).scalar_one()
    # Without an offer of each the series would need no provider, and prove nothing.
    assert opened == 2


@pytest.mark.capability("S3")
def test_a_hold_that_runs_out_while_it_is_booked_goes_to_one_and_neither_waits_in_a_circle(
    staffed: Clinic,
) -> None:
    """One books their hold at its last moment; for the other it is over, and they have its provider in hand.

    Whoever had given the seats back before asking for the provider would be waited for by the one who has the
    provider and clears those very seats.
    """
    first, second = many_ready_to_book(staffed, 2)
    slot = slots(staffed, visit_type="pt_evaluation", site="paola")[0]
    held = staffed.call("POST", f"/referrals/{first}/holds", wish(slot), actor=FRONT_DESK).json
    assert held is not None
    starts_at = datetime.fromisoformat(slot["starts_at"])
    wanted = Wish(slot["visit_type"], slot["provider_id"], slot["site"], starts_at)
    with ThreadPoolExecutor(1) as beside:
        with staffed.session() as session:
            # Eleven minutes on: nobody's clock is asked twice in one transaction.
            (database_now,) = session.execute(text("SELECT now() + interval '11 minutes'")).one()
            started_at(session, database_now)
            lock_providers(session, slot["provider_id"])
            booking = beside.submit(book, staffed, first, slot, hold_id=held["id"])
            until = time.monotonic() + 60
            while not session.execute(text(BEHIND_ME)).scalar_one():
                assert not booking.done(), booking.result().text
                assert time.monotonic() < until
            # What the other clears away first: those who book have not touched it yet.
            seats = "SELECT 1 FROM seat_use WHERE hold_id = :hold FOR UPDATE NOWAIT"
            assert session.execute(text(seats), {"hold": held["id"]}).all()
            # The clock that tidies up waits for neither of them.
            assert expire_holds(session) == 0, "the hold is in the hands of the one who books it"
            taken = hold_slot(session, Actor("staff", "desk-2", "front_desk"), UUID(second), wanted)
            mine = str(taken.id)
        lost = booking.result(60)
    assert (lost.status_code, lost.json["code"]) == (409, "slot_taken"), lost.text
    assert lost.json["alternatives"]
    with staffed.session() as session:
        owners = session.execute(text("SELECT DISTINCT coalesce(hold_id, appointment_id) FROM seat_use"))
        assert [str(owner) for (owner,) in owners] == [mine]
    assert book(staffed, second, slot, hold_id=mine).status_code == 201


@pytest.mark.capability("S2")
def test_a_seat_taken_between_look_and_commit_is_told_of_and_nothing_is_written(staffed: Clinic) -> None:
    """The booking has read the slot as free, and takes its seats with its commit: behind whoever has the provider."""
    first, second = many_ready_to_book(staffed, 2)
    slot = slots(staffed, visit_type="pt_evaluation", site="paola")[0]
    other = slots(staffed, visit_type="pt_evaluation", site="paola")[-1]
    assert book(staffed, first, other).status_code == 201, "what the clinic is has been read once"
    (third,) = many_ready_to_book(staffed, 1)
    starts_at = datetime.fromisoformat(slot["starts_at"])
    wanted = Wish(slot["visit_type"], slot["provider_id"], slot["site"], starts_at)

    def try_for(one: dict[str, Any]) -> Any:
        path = f"/referrals/{third}/appointments"
        return staffed.call("POST", path, wish(one), actor=FRONT_DESK, key="one-key")

    with ThreadPoolExecutor(1) as beside:
        with staffed.session() as session:
            lock_providers(session, slot["provider_id"])
            booking = beside.submit(try_for, slot)
            wait_until_behind(session, booking)
            hold_slot(session, Actor("staff", "desk-2", "front_desk"), UUID(second), wanted)
        lost = booking.result(60)
    assert (lost.status_code, lost.json["code"]) == (409, "slot_taken"), lost.text
    free = lost.json["alternatives"][0]
    with staffed.session() as session:
        kept = (
            "SELECT (SELECT count(*) FROM appointment), (SELECT count(DISTINCT appointment_id) FROM seat_use)"
        )
        assert session.execute(text(kept)).one() == (1, 1), "the visit booked before, and its seats"
    # Nothing was stored under the key, so it may be used for another time.
    assert try_for(free).status_code == 201


def held(staffed: Clinic, referral: str, slot: dict[str, Any]) -> dict[str, Any]:
    made = staffed.call("POST", f"/referrals/{referral}/holds", wish(slot), actor=FRONT_DESK)
    assert made.status_code == 201, made.text
    hold: dict[str, Any] = made.json or {}
    return hold


def wait_until_behind(session: Session, beside: Future[Any]) -> None:
    """Until somebody else's transaction waits for a lock of this one, of whatever kind."""
    until = time.monotonic() + 60
    while not session.execute(text(WAITS_FOR_ME)).scalar_one():
        assert not beside.done(), beside.result().text
        assert time.monotonic() < until


@pytest.mark.capability("S3")
def test_a_hold_is_released_while_another_replaces_it_and_neither_waits_in_a_circle(staffed: Clinic) -> None:
    (referral,) = many_ready_to_book(staffed, 1)
    slot, *_, other = slots(staffed, visit_type="pt_evaluation", site="paola")[:6]
    hold = held(staffed, referral, slot)
    starts_at = datetime.fromisoformat(other["starts_at"])
    wanted = Wish(other["visit_type"], other["provider_id"], other["site"], starts_at)
    with ThreadPoolExecutor(1) as beside:
        with staffed.session() as session:
            # As far as the one who holds another time has come: their referral and both providers.
            assert find_referral(session, UUID(referral), lock=True)
            lock_providers(session, slot["provider_id"], other["provider_id"])
            path = f"/holds/{hold['id']}/release"
            releasing = beside.submit(staffed.call, "POST", path, {}, actor=FRONT_DESK)
            wait_until_behind(session, releasing)
            mine = str(hold_slot(session, Actor("staff", "desk-2", "front_desk"), UUID(referral), wanted).id)
        answer = releasing.result(60)
    assert answer.status_code == 200, answer.text
    with staffed.session() as session:
        assert str(session.execute(text("SELECT id FROM slot_hold WHERE ended = ''")).scalar_one()) == mine


@pytest.mark.capability("S3", "S11")
@pytest.mark.parametrize("way", ["hold", "claim"])
def test_who_holds_or_claims_takes_the_patients_turn_before_any_provider(staffed: Clinic, way: str) -> None:
    """The same patient is booked meanwhile on a second referral: turn first, then the same provider."""
    referral, second, holder = many_ready_to_book(staffed, 3)
    with staffed.session() as session:
        same = (
            "UPDATE referral SET patient_id = (SELECT patient_id FROM referral WHERE id = :a) WHERE id = :b"
        )
        session.execute(text(same), {"a": referral, "b": second})
    near, *_, far = slots(staffed, visit_type="pt_evaluation", provider="tomas_quintero", days=30, limit=40)
    if way == "hold":
        held(staffed, referral, far)
        who: dict[str, Any] = {"actor": FRONT_DESK}
        path, body = f"/referrals/{referral}/holds", wish(near)
    else:
        freed = booked(staffed, holder, near)
        booked(staffed, referral, far)
        entry = {"notice_minutes": 0}
        joined = staffed.call("POST", f"/referrals/{referral}/waitlist", entry, actor=FRONT_DESK)
        assert joined.status_code == 201, joined.text
        assert change(staffed, freed, "cancel", {"reason_code": "patient_cannot_come"}).status_code == 200
        ((offer,),) = [opened["offers"] for opened in staffed.get("/offers", FRONT_DESK)["items"]]
        who = {"actor": None, "service": "intake"}
        path, body = f"/self/offers/{offer['id']}/claim", {}
    with ThreadPoolExecutor(1) as beside:
        with staffed.session() as session:
            own = find_in_turn(session, UUID(second))
            (asked,) = cursor(session).ask([in_turn_question(UUID(second))])
            told = referral_in_turn(asked)
            columns = inspect(Referral).columns.keys()
            assert own is not None
            assert [getattr(own, name) for name in columns] == [getattr(told, name) for name in columns]
            asking = beside.submit(staffed.call, "POST", path, body, **who)
            wait_until_behind(session, asking)
            free = "SELECT 1 FROM provider WHERE id = 'tomas_quintero' FOR NO KEY UPDATE NOWAIT"
            assert session.execute(text(free)).all()
        answer = asking.result(60)
    assert answer.status_code in (200, 201), answer.text

"""Two visits moved in opposite ways between two providers, with people waiting for both: nobody waits in a circle."""

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from sqlalchemy import text

from tests.referral.calendar_steps import booked, change, many_ready_to_book, slots
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

"""Sixteen clients book, hold, move and cancel at random while deeds fail half-way: nothing is sold twice or half-done."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from kernel.failpoints import arm
from tests.referral.calendar_steps import booked, change, many_ready_to_book, slots, wish
from tests.referral.conftest import FRONT_DESK, Clinic

CLIENTS, DEEDS = 16, 12

OVERLAPS = """
SELECT count(*) FROM seat_use a JOIN seat_use b ON a.id < b.id AND a.seat_number = b.seat_number
WHERE a.starts_at < b.ends_at AND b.starts_at < a.ends_at
"""
# A live visit has a provider seat and one room seat of its own room; a finished or cancelled one has none.
HALF_DONE = """
SELECT count(*) FROM appointment a
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE s.provider_id = a.provider_id) AS people,
        count(*) FILTER (WHERE s.room_id = a.room_id) AS rooms, count(*) AS everything
    FROM seat_use u JOIN seat s ON s.number = u.seat_number WHERE u.appointment_id = a.id) AS used ON true
WHERE CASE WHEN a.state = 'cancelled' THEN everything > 0
    ELSE people <> 2 OR rooms <> 1 OR everything <> 3 END
"""
OUT_OF_STEP = """
SELECT count(*) FROM referral r
LEFT JOIN appointment a ON a.referral_id = r.id AND a.state IN ('booked', 'confirmed')
WHERE (r.state = 'booked') <> (a.id IS NOT NULL)
"""
UNTOLD = """
SELECT (SELECT count(*) FROM appointment_change WHERE kind IN ('book', 'move', 'cancel'))
    - (SELECT count(*) FROM outbox_event
       WHERE type IN ('appointment_booked', 'appointment_moved', 'appointment_cancelled'))
"""


@pytest.mark.capability("S2", "S8", "S12")
def test_nothing_is_sold_twice_or_half_done_whatever_fails_half_way(staffed: Clinic) -> None:
    offered = slots(staffed, visit_type="pt_evaluation", site="paola", days=21, limit=8)
    referrals = many_ready_to_book(staffed, CLIENTS)
    booked(staffed, referrals[0], offered[0])

    def client(number: int) -> list[int]:
        dice, mine, answers = random.Random(number), referrals[number], []
        for _ in range(DEEDS):
            slot = dice.choice(offered)
            seen = staffed.call("GET", f"/referrals/{mine}", actor=FRONT_DESK).json
            assert seen is not None
            live = [v for v in seen["appointments"] if v["state"] in ("booked", "confirmed")]
            answers.append(_deed(staffed, mine, live, slot, dice).status_code)
        return answers

    arm("before_booking_commit=raise:0.1,before_seats_taken=raise:0.1,before_commit=raise:0.05", 7)
    try:
        with ThreadPoolExecutor(CLIENTS) as pool:
            codes = [code for answers in pool.map(client, range(CLIENTS)) for code in answers]
    finally:
        arm("")
    assert {200, 201, 409, 500} & set(codes) >= {201, 409, 500}
    with staffed.session() as session:
        for query in (OVERLAPS, HALF_DONE, OUT_OF_STEP, UNTOLD):
            assert session.execute(text(query)).scalar_one() == 0, query


def _deed(
    clinic: Clinic, referral: str, live: list[dict[str, Any]], slot: dict[str, Any], dice: random.Random
) -> Any:
    if live and dice.random() < 0.4:
        return change(clinic, live[0], "cancel", {"reason_code": "patient_declined"})
    if live:
        return change(
            clinic,
            live[0],
            "move",
            {
                "starts_at": slot["starts_at"],
                "provider_id": slot["provider_id"],
                "site_id": slot["site"],
                "visit_type": slot["visit_type"],
            },
        )
    if dice.random() < 0.3:
        return clinic.call("POST", f"/referrals/{referral}/holds", wish(slot), actor=FRONT_DESK)
    return clinic.call("POST", f"/referrals/{referral}/appointments", wish(slot), actor=FRONT_DESK)

"""Many clients, one last slot: one winner, and everybody else is told what is left, at once."""

import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import text

from tests.referral.calendar_steps import book, many_ready_to_book, slots
from tests.referral.conftest import Clinic

# The whole of FAULT-44 is ROUNDS=50 on a quiet machine, which also holds the losers' wait to its limit; two rounds show
# the same in a test run that people wait for, beside whatever else the machine does.
ROUNDS = int(os.environ.get("ROUNDS", "2"))
WHOLE, WAIT_MS = 50, 300
CLIENTS = 200
THREADS = 8

OVERLAPS = """
SELECT count(*) FROM seat_use a JOIN seat_use b ON a.id < b.id AND a.seat_number = b.seat_number
WHERE a.starts_at < b.ends_at AND b.starts_at < a.ends_at
"""


@pytest.mark.fault("F44")
@pytest.mark.capability("S2")
def test_two_hundred_clients_and_one_slot_make_one_winner(staffed: Clinic) -> None:
    found = slots(staffed, visit_type="pt_evaluation", site="paola", days=60, limit=100)
    lost_ms, lost_cpu_ms = [], []
    for number in range(ROUNDS):
        slot = found[number * 2]
        referrals = many_ready_to_book(staffed, CLIENTS)
        barrier = Barrier(THREADS)

        def attempt(
            referral_id: str, slot: dict[str, str] = slot, barrier: Barrier = barrier
        ) -> tuple[int, float, float]:
            if barrier.n_waiting < THREADS and not barrier.broken:
                try:
                    barrier.wait(2)
                except Exception:
                    barrier.abort()
            begun, worked = time.perf_counter(), time.thread_time()
            answer = book(staffed, referral_id, slot)
            if answer.status_code == 409:
                assert answer.json["code"] == "slot_taken"
                assert len(answer.json["alternatives"]) == 5
                assert slot["starts_at"] not in {a["starts_at"] for a in answer.json["alternatives"][:1]}
            took = (time.perf_counter() - begun) * 1000
            return answer.status_code, took, (time.thread_time() - worked) * 1000

        with ThreadPoolExecutor(THREADS) as pool:
            answers = list(pool.map(attempt, referrals))
        codes = sorted(code for code, *_ in answers)
        assert codes == [201] + [409] * (CLIENTS - 1)
        lost_ms += [ms for code, ms, _ in answers if code == 409]
        lost_cpu_ms += [cpu for code, _, cpu in answers if code == 409]
    with staffed.session() as session:
        assert session.execute(text(OVERLAPS)).scalar_one() == 0
        booked = session.execute(text("SELECT count(*) FROM appointment")).scalar_one()
    assert booked == ROUNDS
    lost_ms.sort()
    lost_cpu_ms.sort()
    print(
        f"losers answered: median {statistics.median(lost_ms):.0f} ms, p95 {lost_ms[int(len(lost_ms) * 0.95)]:.0f} ms"
    )
    # How long a loser waits depends on what else the machine does; how much work the answer is does not.
    print(f"work of an answer: p95 {lost_cpu_ms[int(len(lost_cpu_ms) * 0.95)]:.0f} ms of CPU")
    assert lost_cpu_ms[int(len(lost_cpu_ms) * 0.95)] < 300
    if ROUNDS >= WHOLE:
        assert lost_ms[int(len(lost_ms) * 0.95)] <= WAIT_MS

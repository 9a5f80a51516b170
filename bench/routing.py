"""PERF-3: how long until a submission is on the worklist, alone and at half the rate submits can come."""

import json
import statistics
import threading
import time

import psycopg

from bench.clinic import BenchClinic
from bench.load import closed_loop, paced
from bench.result import Result
from bench.submissions import drain, submit_requests
from kernel.ids import new_id

ALONE = 60
LOOK_SECONDS = 0.003
PATIENCE_SECONDS = 120.0
ON_WORKLIST = "SELECT submission_id FROM referral WHERE id > %s AND state <> 'received'"


def measure_routing(clinic: BenchClinic, seconds: float) -> list[Result]:
    """From the 201 of a submit to its referral on the worklist: one at a time, then at half of what P1 allows."""
    make = submit_requests(clinic.hands.access_token())
    others = clinic.other_load()
    with _Worklist(clinic) as worklist:
        alone = []
        for _ in range(ALONE):
            answered = paced(clinic.stack.ports["intake"], make, rate=1000, count=1, clients=1)
            alone += worklist.took(answered)
        with clinic.held(*clinic.behind_the_web()):
            most = closed_loop(clinic.stack.ports["intake"], make, seconds=seconds / 2).rate
        drain(clinic)
        rate = most / 2
        answered = paced(clinic.stack.ports["intake"], make, rate=rate, count=int(rate * seconds), clients=16)
        loaded = worklist.took(answered)
    alone_p50, alone_p95 = _p50_p95(alone)
    loaded_p50, loaded_p95 = _p50_p95(loaded)
    return [
        Result(
            "PERF-3",
            "submit → routed with evidence, on the worklist, unloaded",
            alone_p50,
            "ms p50",
            target="p50 ≤ 60, p95 ≤ 150",
            met=alone_p50 <= 60 and alone_p95 <= 150,
            more={"p95 ms": alone_p95, "others busy %": others.percent()},
        ),
        Result(
            "PERF-3b",
            f"the same at {rate:.0f} submits a second, half of what this leg's burst was taken at, for {seconds:.0f} s",
            loaded_p95,
            "ms p95",
            target="≤ 500",
            met=loaded_p95 <= 500,
            more={"p50 ms": loaded_p50, "routed": len(loaded), "lost": len(answered) - len(loaded)},
        ),
    ]


def _p50_p95(took: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(took, n=20)
    return cuts[9] * 1000, cuts[18] * 1000


class _Worklist:
    """Looks at the referral database all the time and keeps when each submission was first there."""

    def __init__(self, clinic: BenchClinic) -> None:
        self._address = clinic.stack.app_url("referral")
        self._seen: dict[str, float] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "_Worklist":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def took(self, answered: list[tuple[float, bytes]]) -> list[float]:
        """Seconds from each answer to its referral; waits for the last. One that never came is not in it."""
        begun = {json.loads(body)["id"]: moment for moment, body in answered}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not begun.keys() <= self._seen.keys() and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        return [max(0.0, self._seen[one] - moment) for one, moment in begun.items() if one in self._seen]

    def _look(self) -> None:
        with psycopg.connect(self._address, autocommit=True) as connection:
            while not self._stopping.is_set():
                # Ids rise with time, so only the last minutes' rows are looked at, however many there are.
                since = new_id(int((time.time() - 2 * PATIENCE_SECONDS) * 1000))
                rows = connection.execute(ON_WORKLIST, [since]).fetchall()
                moment = time.perf_counter()
                for (submission_id,) in rows:
                    self._seen.setdefault(str(submission_id), moment)
                self._stopping.wait(LOOK_SECONDS)

"""PERF-1 and PERF-3: final submits through the public API, and how long until a submission is on the worklist."""

import itertools
import json
import statistics
import time
from collections.abc import Callable

from bench.clinic import BenchClinic
from bench.limits import bare_flask, flask_limit, median_load
from bench.load import closed_loop, http_request
from bench.result import Result
from kernel.contracts.protocol import shipped_protocol
from kernel.ids import new_id
from local.demo.stories import STORIES
from tests.servers import free_port

ANSWERS = 60
ROUNDS = 3


def sixty_answers() -> dict[str, object]:
    """Return 60 answers: the demo's calm stories, filled up with "no" to further yes/no questions."""
    answers = dict(STORIES["cervicogenic"]) | {
        name: value for name, value in STORIES["low_back"].items() if name not in STORIES["cervicogenic"]
    }
    for name, variable in shipped_protocol().variables.items():
        if len(answers) >= ANSWERS:
            break
        if variable.type == "bool" and name not in answers and variable.filled_by != "staff":
            answers[name] = False
    return answers


def submit_requests(token: str) -> Callable[[], bytes]:
    """Return a maker of submit requests, each of a patient and with a key of its own."""
    numbers = itertools.count(1)
    answers = sixty_answers()

    def make() -> bytes:
        number = next(numbers)
        body = {
            "patient": {
                "given_name": f"Bench{number}",
                "family_name": "Load",
                "birth_date": f"{1940 + number % 60}-{1 + number % 12:02}-{1 + number % 28:02}",
                "phone": f"+1913{3000000 + number}",
                "time_zone": "America/Chicago",
            },
            "language": "en",
            "answers": answers,
            "consent": {"sms": True, "email": False},
        }
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": str(new_id()),
        }
        return http_request("POST", "/api/intake/v1/submissions", json.dumps(body).encode(), headers)

    return make


def measure_submits(clinic: BenchClinic, seconds: float) -> list[Result]:
    """PERF-1: rounds of limit and submits in turn; the median of each, and what a submit costs in CPU."""
    bare, ours, cpu = [], [], []
    make = submit_requests(clinic.hands.access_token())
    port = clinic.stack.ports["intake"]
    with bare_flask(clinic.bare_database_url, bare_port := free_port()):
        flask_limit(bare_port, 0.5)
        closed_loop(port, make, seconds=0.5)
        for _ in range(ROUNDS):
            bare.append(flask_limit(bare_port, seconds))
            before = clinic.cpu_seconds("intake-web")
            ours.append(closed_loop(port, make, seconds=seconds))
            cpu.append((clinic.cpu_seconds("intake-web") - before) / max(1, ours[-1].good) * 1000)
            _drain(clinic)
    limit, load = median_load(bare), median_load(ours)
    bad = sum(sum(one.statuses.values()) - one.good for one in ours)
    ratio = load.rate / limit.rate
    return [
        Result(
            "LIMIT-1",
            "Flask + psycopg, one INSERT and COMMIT",
            limit.rate,
            "/s",
            more={"p95 ms": limit.p95_ms},
        ),
        Result(
            "PERF-1",
            "final submit of 60 answers through the public API",
            load.rate,
            "/s",
            ratio,
            "LIMIT-1",
            "≥ 0.50, p95 ≤ 3 × the limit's",
            ratio >= 0.5 and load.p95_ms <= 3 * limit.p95_ms and bad == 0,
            {"p95 ms": load.p95_ms, "CPU ms each": statistics.median(cpu), "refused": bad},
        ),
    ]


def _drain(clinic: BenchClinic, seconds: float = 120) -> None:
    """Wait until nothing is owed, so that one round's events do not burden the next."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if clinic.rows("intake", "SELECT 1 FROM event_delivery WHERE state <> 'done' LIMIT 1") == []:
            return
        time.sleep(0.1)


def measure_routing(clinic: BenchClinic, count: int = 60) -> list[Result]:
    """PERF-3: from the 201 of a submit to its referral on the worklist, one at a time."""
    make = submit_requests(clinic.hands.access_token())
    took = []
    for _ in range(count):
        body = json.loads(make().split(b"\r\n\r\n", 1)[1])
        submission = clinic.hands.submit(body)
        began = time.perf_counter()
        statement = (
            f"SELECT 1 FROM referral WHERE submission_id = '{submission['id']}' AND state = 'needs_triage'"
        )
        while not clinic.rows("referral", statement):
            time.sleep(0.003)
        took.append((time.perf_counter() - began) * 1000)
    cuts = statistics.quantiles(took, n=20)
    return [
        Result(
            "PERF-3",
            "submit → routed with evidence, on the worklist, unloaded",
            cuts[9],
            "ms p50",
            target="p50 ≤ 60, p95 ≤ 150 (part 1: 300)",
            met=cuts[9] <= 60 and cuts[18] <= 150,
            more={"p95 ms": cuts[18]},
        )
    ]

"""PERF-1: final submits through the public API beside the bare limit, with and without the rest of the clinic."""

import itertools
import json
import statistics
import time
from collections.abc import Callable

from bench.clinic import BenchClinic
from bench.limits import bare_flask, flask_limit, median_load
from bench.load import Load, closed_loop, http_request
from bench.result import Result
from kernel.contracts.protocol import shipped_protocol
from kernel.ids import new_id
from local.demo.stories import STORIES
from tests.servers import free_port

ANSWERS = 60
ROUNDS = 3
#: One after another over the whole run: every submit is of a patient of its own.
NUMBERS = itertools.count(1)
KEPT = """
SELECT (SELECT count(*) FROM submission), (SELECT count(*) FROM patient), (SELECT count(*) FROM idempotency_record),
    (SELECT count(*) FROM outbox_event WHERE type = 'intake_submitted'),
    (SELECT count(*) FROM audit_entry WHERE action = 'submit_answers')
"""


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
    fixed = {"language": "en", "answers": sixty_answers(), "consent": {"sms": True, "email": False}}
    tail = json.dumps(fixed).encode()[1:]
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def make() -> bytes:
        number = next(NUMBERS)
        person = {
            "given_name": f"Bench{number}",
            "family_name": f"Load{number}",
            "birth_date": f"{1940 + number % 60}-{1 + number % 12:02}-{1 + number % 28:02}",
            "phone": f"+1913{3000000 + number}",
            "time_zone": "America/Chicago",
        }
        body = b'{"patient": ' + json.dumps(person).encode() + b", " + tail
        own = headers | {"Idempotency-Key": str(new_id())}
        return http_request("POST", "/api/intake/v1/submissions", body, own)

    return make


def measure_submits(clinic: BenchClinic, seconds: float) -> list[Result]:
    """Rounds of LIMIT-1 and submits, both with relays and workers held still, and submits with everything running."""
    bare, ours, busy, cpu, postgres = [], [], [], [], []
    make, port = submit_requests(clinic.hands.access_token()), clinic.stack.ports["intake"]
    others = clinic.other_load()
    with bare_flask(clinic.bare_database_url, bare_port := free_port()):
        flask_limit(bare_port, 0.5)
        warm = closed_loop(port, make, seconds=1.0)
        kept = clinic.rows("intake", KEPT)[0]
        for _ in range(ROUNDS):
            with clinic.held(*clinic.behind_the_web()):
                bare.append(flask_limit(bare_port, seconds))
                web, store = clinic.cpu_seconds("intake-web"), clinic.cpu_seconds("postgres")
                ours.append(closed_loop(port, make, seconds=seconds))
                each = 1000 / max(1, ours[-1].good)
                cpu.append((clinic.cpu_seconds("intake-web") - web) * each)
                postgres.append((clinic.cpu_seconds("postgres") - store) * each)
            drain(clinic)
            busy.append(closed_loop(port, make, seconds=seconds))
            drain(clinic)
        others_percent = others.percent()
    limit, load, with_all = median_load(bare), median_load(ours), median_load(busy)
    good = sum(one.good for one in (*ours, *busy))
    sent = sum(sum(one.statuses.values()) for one in (*ours, *busy))
    stored = [after - before for after, before in zip(clinic.rows("intake", KEPT)[0], kept, strict=True)]
    if set(stored) != {good}:
        raise RuntimeError(f"{good} answered 201, but stored were {stored} (warmed up with {warm.good})")
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
            "≥ 0.50, p95 ≤ 3 × the limit's, ≤ 2.0 ms CPU",
            ratio >= 0.5 and load.p95_ms <= 3 * limit.p95_ms and sent == good,
            {
                "p95 ms": load.p95_ms,
                "CPU ms each": statistics.median(cpu),
                "PostgreSQL CPU ms each": statistics.median(postgres),
                "refused": sent - good,
                "others busy %": others_percent,
            },
        ),
        _while_routing(with_all, limit),
    ]


def _while_routing(load: Load, limit: Load) -> Result:
    return Result(
        "PERF-1b",
        "the same while relays and workers route what came, on the same cores",
        load.rate,
        "/s",
        load.rate / limit.rate,
        "LIMIT-1",
        more={"p95 ms": load.p95_ms},
    )


def drain(clinic: BenchClinic, seconds: float = 240, service: str = "intake") -> None:
    """Wait until `service` owes nothing, so that one round's events do not burden the next."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if clinic.rows(service, "SELECT 1 FROM event_delivery WHERE state <> 'done' LIMIT 1") == []:
            return
        time.sleep(0.1)

"""PERF-7: the worklist's API over referrals put in by the hundred thousand: requests a second, CPU, growth."""

import base64
import json
import random
import statistics
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg

from bench.clinic import BenchClinic
from bench.load import closed_loop, each_once, http_request
from bench.result import Result
from kernel.ids import new_id
from kernel.keyring import Keyring, use_keyring
from kernel.personal import seal_json
from local import keys

SIZES = (100_000, 1_000_000)
SITES = ("lees_summit", "grandview", "leawood", "paola", "garnett")
ROUTES = ("physical_therapy", "medication_review", "surgical_consult", "staff_triage", "same_day_clinician")
STATES = ("needs_triage", "accepted", "to_book", "booked", "closed", "closed", "closed")
COLUMNS = (
    "id, patient_id, patient_sealed, language, mode, state, state_since, version, route, proposed_route, priority,"
    " proposed_priority, secondary_routes, flagged, unknown_count, near_miss_count, preferred_site, site, owner_id,"
    " owner_name, due_at, clock, breached, attempts, outcome, created_at, submitted_at, closed_at"
)
ROUNDS = 3
LOOKS = 300


def measure_worklist(clinic: BenchClinic, seconds: float) -> list[Result]:
    """Fill the table to each size in turn, and read the first page of 50 with counts."""
    secret = keys.data_keys_file(clinic.stack.places.secrets, "referral").read_text(encoding="utf-8")
    use_keyring(Keyring.from_json(secret))
    rates: dict[int, float] = {}
    results = []
    there = 0
    for size in (wanted for wanted in SIZES if wanted <= clinic.most_rows):
        _put_in(clinic, size - there)
        there = size
        loads, cpu = [], []
        request = http_request(
            "GET",
            "/api/referral/v1/referrals?limit=50",
            headers={"Authorization": f"Bearer {clinic.hands.access_token()}"},
        )
        closed_loop(clinic.stack.ports["referral"], partial(bytes, request), seconds=0.5)
        for _ in range(ROUNDS):
            before = clinic.cpu_seconds("referral-web")
            loads.append(
                closed_loop(clinic.stack.ports["referral"], partial(bytes, request), seconds=seconds / 2)
            )
            cpu.append((clinic.cpu_seconds("referral-web") - before) / max(1, loads[-1].good) * 1000)
        rates[size] = statistics.median(load.rate for load in loads)
        each = statistics.median(cpu)
        first = rates[min(rates)]
        growth = first / rates[size]
        results.append(
            Result(
                "PERF-7",
                f"worklist API, 50 rows and counts, {size:,} referrals",
                rates[size],
                "/s",
                target="≤ 2.0 ms CPU at 100 k" if size == SIZES[0] else "≤ 1.2 × slower than at 100 k",
                met=(each <= 2.0 if size == SIZES[0] else growth <= 1.2)
                and all(load.good == sum(load.statuses.values()) for load in loads),
                more={
                    "p95 ms": statistics.median(load.p95_ms for load in loads),
                    "CPU ms each": each,
                    "slower ×": growth,
                },
            )
        )
        results.append(_first_looks(clinic, size))
    return results


def _first_looks(clinic: BenchClinic, size: int) -> Result:
    """Pages deep in the list, each asked for once: rows that no process has written out before."""
    token = {"Authorization": f"Bearer {clinic.hands.access_token()}"}
    places = clinic.rows("referral", FAR_PAGES)[:LOOKS]
    requests = []
    for rank, due_at, row_id in places:
        place = json.dumps([rank, due_at.isoformat(), str(row_id)]).encode()
        cursor = base64.urlsafe_b64encode(place).decode().rstrip("=")
        path = f"/api/referral/v1/referrals?limit=50&cursor={cursor}"
        requests.append(http_request("GET", path, headers=token))
    before = clinic.cpu_seconds("referral-web")
    load = each_once(clinic.stack.ports["referral"], requests)
    each = (clinic.cpu_seconds("referral-web") - before) / max(1, load.good) * 1000
    return Result(
        "PERF-7b",
        f"the same of pages nobody has looked at, {size:,} referrals",
        load.good / load.seconds,
        "/s",
        more={"p95 ms": load.p95_ms, "CPU ms each": each, "pages": load.good, "asked": len(requests)},
    )


# The first place of every fiftieth row behind the first page.
FAR_PAGES = """
SELECT worklist_rank, due_at, id FROM (
    SELECT worklist_rank, due_at, id, row_number() OVER (ORDER BY worklist_rank, due_at, id) AS place
    FROM referral WHERE closed_at IS NULL ORDER BY worklist_rank, due_at, id LIMIT 20000) AS open
WHERE place % 50 = 0 ORDER BY place
"""

# The counts a million single inserts would leave behind, once folded: what the clinic's own upkeep makes of them.
RECOUNT = """
DELETE FROM referral_tally;
INSERT INTO referral_tally (site, state, many) SELECT site, state, count(*) FROM referral GROUP BY site, state;
"""


def _put_in(clinic: BenchClinic, many: int) -> None:
    """One COPY without the trigger that counts row by row; the counts are then taken once."""
    with psycopg.connect(clinic.stack.owner_url("referral")) as connection:
        connection.execute("ALTER TABLE referral DISABLE TRIGGER referral_tallied")
        with connection.cursor().copy(f"COPY referral ({COLUMNS}) FROM STDIN") as copy:
            for row in _rows(clinic, many):
                copy.write_row(row)
        connection.execute("ALTER TABLE referral ENABLE TRIGGER referral_tallied")
        connection.execute(RECOUNT)
    with psycopg.connect(clinic.stack.owner_url("referral"), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE referral")
        connection.execute("VACUUM ANALYZE referral_tally")


def _rows(clinic: BenchClinic, many: int) -> Iterator[tuple[Any, ...]]:
    """Referrals of three years in every state, most of them closed, each sealed for its own row."""
    dice, moment = random.Random(many), clinic.hands.now()
    for number in range(many):
        row_id, state, route = new_id(), dice.choice(STATES), dice.choice(ROUTES)
        priority, site = f"P{dice.randint(1, 5)}", dice.choice(SITES)
        made = moment - timedelta(minutes=dice.randint(1, 1_500_000))
        patient = {
            "given_name": f"Row{number}",
            "family_name": "Bench",
            "birth_date": "1971-03-04",
            "phone": f"+1913{5550100 + number % 100}",
            "email": "",
            "language": "en",
            "postcode": "",
            "time_zone": "America/Chicago",
        }
        sealed = seal_json(patient, f"referral.referral.patient_sealed.{row_id}")
        closed = made + timedelta(days=20) if state == "closed" else None
        yield (
            row_id, new_id(), sealed, "en", "api", state, made, 1, route, route, priority, priority, [], False, 3, 1,
            site, site, "", "", made + timedelta(days=5), "stop" if closed else "run", False, 0,
            "completed" if closed else "", made, made, closed,
        )  # fmt: skip

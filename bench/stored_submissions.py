"""I-growth: what a submit and a search cost when ten thousand submissions are stored, and when a million are.

The cost is the processor time of the web processes and of PostgreSQL together, with relays and workers held still.
"""

import math
import os
import statistics
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg

from bench.clinic import BenchClinic
from bench.load import Load, closed_loop, http_request
from bench.result import Result
from bench.submissions import submit_requests
from kernel.ids import new_id

SIZES = (10_000, 100_000, 1_000_000)
FORM = "https://waymark.example/fhir/Questionnaire/headache-spine"
PATIENT_COLUMNS = (
    "id, given_name_sealed, family_name_sealed, birth_date_sealed, phone_sealed, given_index, family_index,"
    " birth_index, phone_index, postcode_index, search_keys, created_at, updated_at"
)
SUBMISSION_COLUMNS = (
    "id, patient_id, form, form_version, language, mode, state, content_sealed, author_kind, author_id, started_at,"
    " saved_at, submitted_at"
)
#: Twice the cost over a hundredfold is an exponent of 0.15.
FLAT = 0.15
SEALED_BYTES = 900
COSTS = ("intake-web", "postgres")


def measure_stored_submissions(clinic: BenchClinic, seconds: float) -> list[Result]:
    """Fill to each size within --rows by COPY, then submit and search; prints how cost grows with size.

    The growth exponent is the slope of log cost over log size between the smallest and the largest.
    """
    token = clinic.hands.access_token()
    submit = submit_requests(token)
    search = http_request(
        "GET", "/api/intake/v1/patients?q=bench1&limit=25", headers={"Authorization": f"Bearer {token}"}
    )
    sizes = [size for size in SIZES if size <= clinic.most_rows] or [clinic.most_rows]
    costs: dict[str, dict[int, float]] = {"submit": {}, "search": {}}
    results, there = [], 0
    for size in sizes:
        _put_in(clinic, size - there)
        there = size
        for what, make in (("submit", submit), ("search", lambda: search)):
            with clinic.held(*clinic.behind_the_web()):
                load, cpu = _measured(clinic, make, seconds)
            costs[what][size] = cpu
            results.append(
                Result(
                    "INTAKE-GROWTH",
                    f"{what}, {size:,} submissions stored",
                    cpu,
                    "ms CPU each",
                    more={"p50 ms": load.p50_ms, "p95 ms": load.p95_ms, "refused": _refused(load)},
                )
            )
    if len(sizes) > 1:
        for what, found in costs.items():
            exponent = _exponent(found)
            results.append(
                Result(
                    "INTAKE-GROWTH",
                    f"{what}: growth exponent from {sizes[0]:,} to {sizes[-1]:,}",
                    exponent,
                    "",
                    target=f"≤ {FLAT}",
                    met=exponent <= FLAT,
                )
            )
    return results


def _measured(clinic: BenchClinic, make: Callable[[], bytes], seconds: float) -> tuple[Load, float]:
    port = clinic.stack.ports["intake"]
    closed_loop(port, make, clients=2, seconds=0.5)
    loads, cpu = [], []
    for _ in range(3):
        before = clinic.cpu_seconds(*COSTS)
        loads.append(closed_loop(port, make, clients=2, seconds=seconds / 2))
        cpu.append((clinic.cpu_seconds(*COSTS) - before) / max(1, loads[-1].good) * 1000)
    return sorted(loads, key=lambda load: load.p50_ms)[1], statistics.median(cpu)


def _refused(load: Load) -> int:
    return sum(load.statuses.values()) - load.good


def _exponent(costs: dict[int, float]) -> float:
    small, large = min(costs), max(costs)
    return math.log(costs[large] / costs[small]) / math.log(large / small)


def _put_in(clinic: BenchClinic, many: int) -> None:
    """As many patients, each with one finished submission of three years past; sealed bytes are never read."""
    blob = os.urandom(SEALED_BYTES)
    ids = [new_id() for _ in range(many)]
    with psycopg.connect(clinic.stack.owner_url("intake"), autocommit=True) as connection:
        for table, columns, rows in (
            ("patient", PATIENT_COLUMNS, _patients(clinic, ids, blob[:48])),
            ("submission", SUBMISSION_COLUMNS, _submissions(clinic, ids, blob)),
        ):
            with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            connection.execute(f"ANALYZE {table}")


def _patients(clinic: BenchClinic, ids: list[Any], sealed: bytes) -> Iterator[tuple[Any, ...]]:
    moment = clinic.hands.now()
    for patient in ids:
        noise = os.urandom(16 * 9)
        keys = [noise[at : at + 16] for at in range(0, len(noise), 16)]
        yield (patient, *[sealed] * 4, *keys[:5], keys[5:], moment, moment)


def _submissions(clinic: BenchClinic, ids: list[Any], sealed: bytes) -> Iterator[tuple[Any, ...]]:
    moment = clinic.hands.now()
    for number, patient in enumerate(ids):
        at = moment - timedelta(minutes=number % 1_500_000)
        yield (
            new_id(),
            patient,
            FORM,
            "1",
            "en",
            "self",
            "submitted",
            sealed,
            "patient",
            str(patient),
            at,
            at,
            at,
        )

"""PERF-8b: bookings a second through the public API, each of another referral into a free slot of its own."""

import itertools
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from bench.clinic import BenchClinic
from bench.limits import bare_flask, flask_limit, median_load
from bench.load import Load, each_once, http_request
from bench.result import Result
from bench.submissions import drain
from kernel.context import Actor
from kernel.ids import new_id
from local.demo.stories import STORIES
from tests.servers import free_port

SITES = ("lees_summit", "grandview", "leawood", "paola", "garnett")
HELD_ROUNDS, EACH_ROUND, BUSY = 3, 200, 150
WARM = 40
DAYS = 14
# A first visit of physical therapy, with the time that is kept free behind it.
VISIT = timedelta(minutes=50)
NURSE = Actor("staff", "bench-nurse", role="nurse", name="Bench Nurse")
NUMBERS = itertools.count(1)
KEPT = """
SELECT (SELECT count(*) FROM appointment), (SELECT count(*) FROM audit_entry WHERE action = 'book_appointment'),
    (SELECT count(*) FROM outbox_event WHERE type = 'appointment_booked'),
    (SELECT count(*) FROM referral WHERE state = 'booked')
"""
OVERLAPS = """
SELECT count(*) FROM seat_use a JOIN seat_use b ON a.id < b.id AND a.seat_number = b.seat_number
WHERE a.starts_at < b.ends_at AND b.starts_at < a.ends_at
"""


def measure_bookings(clinic: BenchClinic, seconds: float, rooms_a_site: int) -> list[Result]:
    """Rounds of LIMIT-1 and bookings, both with relays and workers held still; then one with everything running.

    Every try is of a referral of its own and of a slot no other try asks for; one that is refused is told, not tried
    again. `rooms_a_site`: how many visits fit at a site at one time.
    """
    tries = WARM + HELD_ROUNDS * EACH_ROUND + BUSY
    slots = _distinct_slots(clinic, tries, rooms_a_site)
    requests = iter(_requests(clinic, _accepted(clinic, len(slots)), slots))
    port, bare, ours, cpu, postgres = clinic.stack.ports["referral"], [], [], [], []
    drain_all(clinic)
    others = clinic.other_load()
    with bare_flask(clinic.bare_database_url, bare_port := free_port()):
        flask_limit(bare_port, 0.5)
        each_once(port, list(itertools.islice(requests, WARM)))
        kept = clinic.rows("referral", KEPT)[0]
        for _ in range(HELD_ROUNDS):
            with clinic.held(*clinic.behind_the_web()):
                bare.append(flask_limit(bare_port, seconds / 2))
                web, store = clinic.cpu_seconds("referral-web"), clinic.cpu_seconds("postgres")
                ours.append(each_once(port, list(itertools.islice(requests, EACH_ROUND))))
                each = 1000 / max(1, ours[-1].good)
                cpu.append((clinic.cpu_seconds("referral-web") - web) * each)
                postgres.append((clinic.cpu_seconds("postgres") - store) * each)
            drain_all(clinic)
        busy = each_once(port, list(itertools.islice(requests, BUSY)))
        others_percent = others.percent()
    _all_kept(clinic, kept, [*ours, busy])
    limit = median_load(bare)
    more = {
        "CPU ms each": statistics.median(cpu),
        "PostgreSQL CPU ms each": statistics.median(postgres),
        "others busy %": others_percent,
    }
    return [
        Result("LIMIT-1", "Flask + psycopg, one INSERT and COMMIT, beside the bookings", limit.rate, "/s"),
        _result("PERF-8b", "bookings, 8 clients, each of another referral and slot", ours, limit, more),
        _result(
            "PERF-8c", "the same while relays and workers tell of them, on the same cores", [busy], limit, {}
        ),
    ]


def _result(row: str, what: str, loads: list[Load], limit: Load, more: dict[str, Any]) -> Result:
    load = median_load(loads)
    answers: Counter[int] = sum((Counter(one.statuses) for one in loads), Counter())
    tries, booked, refused = sum(answers.values()), answers[201], answers[409]
    rate = load.good / load.seconds
    told = {"tries": tries, "booked": booked, "refused": refused, "failed": tries - booked - refused}
    return Result(
        row,
        what,
        rate,
        "/s",
        rate / limit.rate,
        "LIMIT-1",
        "≥ 0.30",
        rate / limit.rate >= 0.3 and booked == tries,
        {**told, "p95 ms": load.p95_ms, **more},
    )


def _all_kept(clinic: BenchClinic, before: Sequence[int], loads: list[Load]) -> None:
    booked = sum(load.good for load in loads)
    stored = [
        after - earlier for after, earlier in zip(clinic.rows("referral", KEPT)[0], before, strict=True)
    ]
    ((overlaps,),) = clinic.rows("referral", OVERLAPS)
    if set(stored) != {booked} or overlaps:
        raise RuntimeError(
            f"{booked} answered 201, but stored were {stored}, and {overlaps} seats taken twice"
        )


def _distinct_slots(clinic: BenchClinic, many: int, rooms_a_site: int) -> list[dict[str, Any]]:
    """Return free slots of which any may be booked whatever becomes of the others, in an order of no kind.

    No two of one provider lie within a visit's time, nor more at one site than it has rooms.
    """
    today = clinic.hands.now().date()
    last: dict[str, datetime] = {}
    at_site: dict[str, list[datetime]] = {site: [] for site in SITES}
    chosen: list[dict[str, Any]] = []
    for day, site in itertools.product(range(1, DAYS + 1), SITES):
        query = f"?route=physical_therapy&site={site}&days=1&limit=100&from={today + timedelta(days=day)}"
        for slot in clinic.hands.get("referral", f"/api/referral/v1/slots{query}").body["items"]:
            who, starts_at = slot["provider_id"], datetime.fromisoformat(slot["starts_at"])
            beside = sum(abs(starts_at - other) < VISIT for other in at_site[site])
            if (who in last and starts_at - last[who] < VISIT) or beside >= rooms_a_site:
                continue
            last[who] = starts_at
            at_site[site].append(starts_at)
            chosen.append(slot)
    if len(chosen) < many:
        raise RuntimeError(f"only {len(chosen)} slots of {many} are free within {DAYS} days")
    random.Random(8).shuffle(chosen)
    return chosen[:many]


def _accepted(clinic: BenchClinic, many: int) -> list[str]:
    """Return the ids of new referrals of physical therapy, accepted by a nurse and ready to book."""
    clinic.hands.access_token()  # asked for once, not by eight threads at a time
    with ThreadPoolExecutor(8) as pool:
        patients = list(pool.map(lambda _: _submit(clinic), range(many)))
        found = _referrals_of(clinic, patients)
        list(pool.map(lambda one: _accept(clinic, *one), found))
    return [referral_id for referral_id, _ in found]


def _submit(clinic: BenchClinic) -> str:
    number = next(NUMBERS)
    body = {
        "patient": {
            "given_name": f"Book{number}",
            "family_name": f"Bench{new_id().hex[-6:]}",
            "birth_date": "1979-09-09",
            "phone": f"+1816{5000000 + number}",
            "time_zone": "America/Chicago",
        },
        "answers": STORIES["neck_pain"],
        "consent": {"sms": False, "email": False},
    }
    return str(clinic.hands.submit(body)["patient_id"])


def _referrals_of(clinic: BenchClinic, patients: list[str], seconds: float = 240) -> list[tuple[str, int]]:
    """Wait until every patient's referral is there; return id and version of each."""
    wanted, deadline = set(patients), time.monotonic() + seconds
    while time.monotonic() < deadline:
        rows = clinic.rows("referral", "SELECT id::text, version, patient_id::text FROM referral")
        found = [(referral_id, version) for referral_id, version, patient in rows if patient in wanted]
        if len(found) == len(wanted):
            return found
        time.sleep(0.2)
    raise RuntimeError("some submissions were not routed in time")


def _accept(clinic: BenchClinic, referral_id: str, version: int) -> None:
    path = f"/api/referral/v1/referrals/{referral_id}/accept"
    clinic.hands.do("referral", path, {}, version=version, actor=NURSE)


def _requests(clinic: BenchClinic, referrals: list[str], slots: list[dict[str, Any]]) -> list[bytes]:
    headers = {"Authorization": f"Bearer {clinic.hands.access_token()}", "Content-Type": "application/json"}
    made = []
    for referral_id, slot in zip(referrals, slots, strict=True):
        body = {
            "visit_type": slot["visit_type"],
            "provider_id": slot["provider_id"],
            "site_id": slot["site"],
            "starts_at": slot["starts_at"],
        }
        path = f"/api/referral/v1/referrals/{referral_id}/appointments"
        own = headers | {"Idempotency-Key": str(new_id())}
        made.append(http_request("POST", path, json.dumps(body).encode(), own))
    return made


def drain_all(clinic: BenchClinic) -> None:
    """Wait until neither intake nor referral owes anybody an event."""
    for service in ("intake", "referral"):
        drain(clinic, service=service)

"""PERF-8: slot search over 5 sites × 60 providers × 90 days, and bookings a second through the public API."""

import itertools
import json
from typing import Any

from bench.bookings import measure_bookings
from bench.clinic import BenchClinic
from bench.load import closed_loop, http_request
from bench.result import Result
from kernel.database import Database
from services.referral.actions.seed_clinic import read_clinic, seed_clinic

PROVIDERS_A_SITE = 60


def measure_scheduling(clinic: BenchClinic, seconds: float) -> list[Result]:
    """Search alone (one client, then eight), then eight clients booking visits of referrals accepted before."""
    _hire(clinic)
    port = clinic.stack.ports["referral"]
    token = clinic.hands.access_token()
    query = "/api/referral/v1/slots?route=physical_therapy&days=90&limit=100"
    search = http_request("GET", query, headers={"Authorization": f"Bearer {token}"})
    closed_loop(port, lambda: search, clients=1, seconds=1.0)
    before = clinic.cpu_seconds("referral-web")
    alone = closed_loop(port, lambda: search, clients=1, seconds=seconds)
    cpu = (clinic.cpu_seconds("referral-web") - before) / max(1, alone.good) * 1000
    return [
        Result(
            "PERF-8",
            f"slot search, 5 sites × {PROVIDERS_A_SITE} providers × 90 days, one client",
            alone.p95_ms,
            "ms p95",
            target="≤ 50",
            met=alone.p95_ms <= 50 and alone.good == sum(alone.statuses.values()),
            more={"p50 ms": alone.p50_ms, "CPU ms each": cpu},
        ),
        *measure_bookings(clinic, seconds, PROVIDERS_A_SITE),
    ]


def _hire(clinic: BenchClinic) -> None:
    store = Database(clinic.stack.owner_url("referral"), name="bench-seed", statement_timeout_ms=60_000)
    with store.transaction() as session:
        seed_clinic(session, hired_clinic())


def hired_clinic() -> dict[str, Any]:
    """Return the clinic with 60 providers at every site, copied from those it has, each with rooms of their own.

    With the clinic's own two rooms a site, three in four bookings would measure how rooms run out.
    """
    document = read_clinic()
    models = document["providers"]
    sites = [site["id"] for site in document["sites"]]
    copies = []
    for site, number in itertools.product(sites, range(PROVIDERS_A_SITE)):
        at_site = [one for one in models if site in json.dumps(one, default=str)]
        model = at_site[number % len(at_site)]
        copies.append(model | {"id": f"bench_{site}_{number}", "name": f"Bench {site} {number}"})
    for site in document["sites"]:
        site["rooms"] |= {
            "exam": PROVIDERS_A_SITE,
            "treatment": PROVIDERS_A_SITE,
            "gym": [2] * PROVIDERS_A_SITE,
        }
    document["providers"] = [*models, *copies]
    return document

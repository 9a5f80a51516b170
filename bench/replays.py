"""PERF-4e: a draft replayed over ten thousand stored cases as a Celery job, with its progress."""

import random
import time
from datetime import timedelta
from typing import Any

from bench.clinic import BenchClinic
from bench.decisions import SEED, some_answers
from bench.result import Result
from kernel.clock import now
from kernel.contracts.protocol import shipped_protocol
from kernel.database import Database
from kernel.ids import new_id
from kernel.keyring import Keyring, use_keyring
from local import keys
from local.demo.hands import NURSE
from services.referral.actions.decide_route import decide_route
from services.referral.actions.store_decision import store_decision
from services.referral.model.referral import Referral
from services.referral.queries.protocols import PublishedProtocol

CASES = 10_000
DIFFERENT = 400
SITES = ("lees_summit", "grandview", "leawood", "paola", "garnett")
TARGET_SECONDS = 15.0
PROTOCOL = "/api/referral/v1/protocol"


def measure_replays(clinic: BenchClinic, seconds: float) -> list[Result]:
    """Store the cases, replay a draft with one threshold changed, and watch until the last one is counted."""
    _store_cases(clinic)
    hands = clinic.hands
    draft = hands.do("referral", f"{PROTOCOL}/drafts", {"title": "bench"}).body
    rule = next(r for r in shipped_protocol().document["routes"]["rules"] if r["id"] == "MR5")
    sooner = {**rule, "when": {**rule["when"], "value": 12}}
    body = {"section": "rules", "id": "MR5", "item": sooner}
    draft = hands.do(
        "referral", f"{PROTOCOL}/drafts/{draft['id']}/items", body, version=draft["version"]
    ).body
    before = clinic.cpu_seconds("referral-worker", "referral-relay")
    began = time.perf_counter()
    replay = hands.do("referral", f"{PROTOCOL}/drafts/{draft['id']}/replays", {"days": 90}).body
    seen: set[int] = set()
    while replay["state"] != "done":
        time.sleep(0.2)
        replay = hands.get("referral", f"{PROTOCOL}/replays/{replay['id']}", NURSE).body
        seen.add(replay["done"])
    wall = time.perf_counter() - began
    cpu = clinic.cpu_seconds("referral-worker", "referral-relay") - before
    whole = replay["done"] == replay["total"] >= CASES
    return [
        Result(
            "PERF-4e",
            "replay of 10,000 stored cases, a Celery job, asked to done",
            wall,
            "s",
            target="≤ 15",
            met=wall <= TARGET_SECONDS and whole,
            more={
                "CPU": f"{cpu:.1f} s",
                "cases": replay["done"],
                "changed": replay["changed"],
                "progress seen": len(seen),
                "sites weighed": len({row["site"] for row in replay["capacity"]}),
            },
        )
    ]


def _store_cases(clinic: BenchClinic) -> None:
    """Put in referrals with their decisions, evidence and all, as intake's submissions would have made them."""
    secret = keys.data_keys_file(clinic.stack.places.secrets, "referral").read_text(encoding="utf-8")
    use_keyring(Keyring.from_json(secret))
    protocol = shipped_protocol()
    published = PublishedProtocol(1, protocol.version, protocol)
    dice = random.Random(SEED)
    patients = []
    for _ in range(DIFFERENT):
        answers = some_answers(protocol, dice)
        patients.append((answers, decide_route(published, answers)))
    store = Database(clinic.stack.owner_url("referral"), name="bench-seed", statement_timeout_ms=60_000)
    for start in range(0, CASES, 1_000):
        with store.transaction() as session:
            moment = now(session) - timedelta(days=1)
            for number in range(start, start + 1_000):
                answers, decided = patients[number % DIFFERENT]
                referral = _referral(moment, number, decided.decision)
                session.add(referral)
                session.flush()
                store_decision(session, referral, decided, answers, submission_id=new_id(), cause="intake")


def _referral(moment: Any, number: int, decision: Any) -> Referral:
    referral = Referral(
        id=new_id(),
        submission_id=new_id(),
        patient_id=new_id(),
        language="en",
        mode="api",
        state="needs_triage",
        state_since=moment,
        version=1,
        route=decision.route,
        proposed_route=decision.route,
        priority=decision.priority,
        proposed_priority=decision.priority,
        secondary_routes=list(decision.secondary),
        preferred_site=SITES[number % len(SITES)],
        site=SITES[number % len(SITES)],
        due_at=moment,
        clock="run",
        breached=True,
        escalated_at=moment,
        created_at=moment,
        submitted_at=moment,
    )
    referral.patient = {"given_name": "Bench", "family_name": str(number), "birth_date": "1979-09-09"}
    return referral

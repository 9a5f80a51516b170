"""PERF-4e: a draft replayed over ten thousand stored cases as a Celery job, with its progress."""

import time
from datetime import timedelta
from typing import Any

from bench.clinic import BenchClinic
from bench.result import Result
from kernel.clock import now
from kernel.contracts.protocol import golden_cases, shipped_document, shipped_protocol
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
SITES = ("lees_summit", "grandview", "leawood", "paola", "garnett")
TARGET_SECONDS = 15.0
# The share of the cases the draft must route otherwise; below it the leg would measure a replay with nothing to tell.
LEAST_CHANGED = 0.1
PROTOCOL = "/api/referral/v1/protocol"
# What the draft says otherwise, so that routes and priorities change and some emergencies are no longer flagged:
# migraine and neck pain sooner, a changed pattern on the same day, a thunderclap no longer an emergency.
OTHERWISE: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("rules", "MR1", {"priority": "P4"}),
    ("rules", "PT2", {"priority": "P4"}),
    ("red_flags", "SN06", {"action": "S"}),
    ("red_flags", "SN04", {"action": "S"}),
)


def measure_replays(clinic: BenchClinic, seconds: float) -> list[Result]:
    """Store the cases, replay a draft that routes many of them otherwise, and watch until the last is counted."""
    secret = keys.data_keys_file(clinic.stack.places.secrets, "referral").read_text(encoding="utf-8")
    use_keyring(Keyring.from_json(secret))
    store_cases(Database(clinic.stack.owner_url("referral"), name="bench-seed", statement_timeout_ms=60_000))
    hands = clinic.hands
    draft = hands.do("referral", f"{PROTOCOL}/drafts", {"title": "bench"}).body
    for item in changed_items():
        where = f"{PROTOCOL}/drafts/{draft['id']}/items"
        draft = hands.do("referral", where, item, version=draft["version"]).body
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
    whole = replay["done"] == replay["total"] >= CASES and replay["changed"] >= LEAST_CHANGED * CASES
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
                "emergencies lost": replay["lost_emergencies"],
                "progress seen": len(seen),
                "sites weighed": len({row["site"] for row in replay["capacity"]}),
            },
        )
    ]


def changed_items() -> list[dict[str, Any]]:
    """The draft's changes as bodies of the API's `items`."""
    document = shipped_document()
    sections = {"rules": document["routes"]["rules"], "red_flags": document["red_flags"]}
    return [
        {"section": section, "id": name, "item": next(i for i in sections[section] if i["id"] == name) | says}
        for section, name, says in OTHERWISE
    ]


def whole_answers() -> list[dict[str, Any]]:
    """The golden cases as whole questionnaires: what a case does not mention is answered no, a yes-or-no at a time."""
    variables = shipped_protocol().variables.values()
    calm = {one.id: False for one in variables if one.type == "bool" and one.filled_by is None}
    return [{**calm, **case.answers} for case in golden_cases()]


def store_cases(store: Database, many: int = CASES) -> None:
    """Put in referrals with their decisions, evidence and all, as intake's submissions would have made them."""
    protocol = shipped_protocol()
    published = PublishedProtocol(1, protocol.version, protocol)
    patients = [(answers, decide_route(published, answers)) for answers in whole_answers()]
    for start in range(0, many, 1_000):
        with store.transaction() as session:
            moment = now(session) - timedelta(days=1)
            for number in range(start, min(start + 1_000, many)):
                answers, decided = patients[number % len(patients)]
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

"""PERF-5: booked visits in, texts delivered out: planned by notify, sent by its two worker processes, receipts back."""

import signal
import time
from datetime import timedelta
from typing import Any

from bench.clinic import BenchClinic
from bench.limits import celery_limit
from bench.result import Result
from kernel.ids import new_id
from kernel.service_client import ServiceClient
from kernel.tokens import Tokens
from local import keys

VISITS = 300
PATIENCE_SECONDS = 120.0
DELIVERED = "SELECT count(*) FROM planned_message WHERE state = 'delivered' AND channel = 'sms'"
PLANNED_NOW = """
SELECT count(*) FROM planned_message WHERE channel = 'sms' AND state IN ('due', 'sending', 'sent', 'delivered')
    AND due_at <= now() + make_interval(secs => {offset})
"""


class _Sources:
    """Brings notify events as intake and referral would: signed with their keys, over HTTP, one by one."""

    def __init__(self, clinic: BenchClinic) -> None:
        secrets = clinic.stack.places.secrets
        public = keys.public_keys_file(secrets).read_text(encoding="utf-8")
        address = {"notify": clinic.stack.service_url("notify")}
        self._now = clinic.hands.now
        self._clients = {
            name: ServiceClient(
                Tokens(name, keys.signing_key_file(secrets, name).read_text(encoding="utf-8"), public),
                address,
            )
            for name in ("intake", "referral")
        }

    def tell(self, source: str, event: str, subject: str, data: dict[str, Any]) -> None:
        envelope = {
            "id": str(new_id()),
            "source": source,
            "type": event,
            "subject": subject,
            "time": self._now().isoformat(),
            "data": data,
        }
        answer = self._clients[source].call("notify", "POST", "/events", json_body=envelope)
        if not answer.ok:
            raise RuntimeError(f"{event}: {answer.status} {answer.body}")

    def book(self, number: int) -> None:
        """A patient with a phone, and a visit of theirs in five days."""
        patient, visit, moment = str(new_id()), str(new_id()), self._now()
        starts = (moment + timedelta(days=5)).replace(hour=16, minute=0, second=0, microsecond=0)
        self.tell(
            "intake",
            "intake_submitted",
            patient,
            {
                "submission_id": str(new_id()),
                "patient_id": patient,
                "patient": {
                    "given_name": f"Bench{number}",
                    "family_name": "Message",
                    "birth_date": "1980-04-02",
                    "phone": f"+1816{4000000 + number}",
                    "time_zone": "America/Chicago",
                },
                "questionnaire": "bench|1",
                "language": "en",
                "answers": {},
                "protocol_version": "bench",
                "consent_sms": True,
                "submitted_at": moment.isoformat(),
            },
        )
        self.tell(
            "referral",
            "appointment_booked",
            visit,
            {
                "appointment_id": visit,
                "version": 1,
                "referral_id": str(new_id()),
                "patient_id": patient,
                "site": {
                    "id": "leawood",
                    "name": "Leawood",
                    "address": "1 Example Way, Leawood",
                    "phone": "+19135550100",
                    "time_zone": "America/Chicago",
                },
                "visit_type": "pt_evaluation",
                "visit_type_name": {"en": "first visit", "es": "primera visita"},
                "provider_name": "Bench Provider",
                "route": "physical_therapy",
                "starts_at": starts.isoformat(),
                "ends_at": (starts + timedelta(minutes=45)).isoformat(),
                "booked_at": moment.isoformat(),
            },
        )


def measure_messages(clinic: BenchClinic, _seconds: float) -> list[Result]:
    """Plan while relay and worker are held still, then let them go: first to last delivered text, against LIMIT-2."""
    limit = celery_limit(clinic.stack.redis_url.rpartition("/")[0] + "/15")
    held = [clinic.running.pid(name) for name in ("notify-relay", "notify-worker")]
    before = clinic.rows("notify", DELIVERED)[0][0]
    sources = _Sources(clinic)
    clinic.signal_trees(held, signal.SIGSTOP)
    began = time.perf_counter()
    try:
        for number in range(VISITS):
            sources.book(number)
    finally:
        planned_in = time.perf_counter() - began
        clinic.signal_trees(held, signal.SIGCONT)
    wanted = (
        clinic.rows("notify", PLANNED_NOW.format(offset=clinic.stack.clock_offset_seconds))[0][0] - before
    )
    cpu = clinic.cpu_seconds("notify-worker", "notify-web", "notify-relay")
    first, counted, began = 0.0, 0, time.perf_counter()
    while counted < wanted and time.perf_counter() - began < PATIENCE_SECONDS:
        counted = clinic.rows("notify", DELIVERED)[0][0] - before
        if counted and not first:
            first = time.perf_counter()
        time.sleep(0.02)
    took = time.perf_counter() - began
    rate = counted / took
    cpu_each = (
        (clinic.cpu_seconds("notify-worker", "notify-web", "notify-relay") - cpu) / max(1, counted) * 1000
    )
    twice = clinic.rows(
        "notify",
        "SELECT count(*) FROM (SELECT 1 FROM send_attempt GROUP BY message_id HAVING count(*) > 1) t",
    )[0][0]
    return [
        limit,
        Result(
            "PERF-5",
            "texts planned → delivered, 2 worker processes, fenced",
            rate,
            "/s",
            rate / limit.figure,
            "LIMIT-2",
            "≥ 0.50, none lost, none twice",
            rate / limit.figure >= 0.5 and counted == wanted and twice == 0,
            {
                "delivered": f"{counted} of {wanted}",
                "twice": twice,
                "visits planned /s": VISITS / planned_in,
                "CPU ms each": cpu_each,
            },
        ),
    ]

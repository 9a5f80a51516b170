"""Many visits at once: notify is told of patients and visits by signed events, as intake and referral tell it."""

import random
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from chaos import people
from chaos.clinic import Clinic
from chaos.history import History
from chaos.traffic import OutOfPatience, Traffic, insist
from kernel.ids import new_id
from kernel.service_client import ServiceClient
from kernel.tokens import Tokens
from local import keys
from local.demo.hands import Refused


class Teller:
    """Tells notify of visits, moves and cancels; an event is sent with one id until it is acknowledged."""

    def __init__(self, clinic: Clinic, history: History, traffic: Traffic, seed: int) -> None:
        self._history = history
        self._traffic = traffic
        self._dice = random.Random(seed)
        secrets = clinic.stack.places.secrets
        public = keys.public_keys_file(secrets).read_text(encoding="utf-8")
        address = {"notify": clinic.stack.service_url("notify")}
        self._offset = timedelta(seconds=clinic.stack.clock_offset_seconds)
        self._clients = {
            name: ServiceClient(
                Tokens(name, keys.signing_key_file(secrets, name).read_text(encoding="utf-8"), public),
                address,
            )
            for name in ("intake", "referral")
        }

    def tell_all(self, numbers: range) -> None:
        """Book a visit for each patient; a tenth is moved, a tenth cancelled, and some say STOP."""
        for number in numbers:
            if self._traffic.stopping:
                return
            self._history.note("telling", number=number)
            patient, visit = str(new_id()), str(new_id())
            starts = self._now() + timedelta(days=2 + number % 6, minutes=number % 300)
            self._tell("intake", "intake_submitted", patient, self._submitted(number, patient))
            self._tell(
                "referral", "appointment_booked", visit, self._facts(visit, patient, starts, version=1)
            )
            self._history.note("booked", appointment=visit, version=1)
            fate = self._dice.random()
            with suppress(OutOfPatience):
                self._after(fate, number, visit, patient, starts)

    def _after(self, fate: float, number: int, visit: str, patient: str, starts: datetime) -> None:
        if fate < 0.3:
            time.sleep(self._dice.random() * 0.2)
        if fate < 0.1:
            moved = self._facts(visit, patient, starts + timedelta(days=1), version=2)
            previous = {"previous_starts_at": starts.isoformat()}
            self._tell("referral", "appointment_moved", visit, moved | previous)
            self._history.note("void", appointment=visit, version=1)
            self._history.note("booked", appointment=visit, version=2)
        elif fate < 0.2:
            gone = {
                "appointment_id": visit,
                "version": 2,
                "patient_id": patient,
                "reason": "patient_unwell",
                "by": "clinic",
            }
            self._tell("referral", "appointment_cancelled", visit, gone)
            self._history.note("void", appointment=visit, version=1)
        elif fate < 0.27:
            self._traffic.reply(people.phone(number, people.TOLD), "STOP")

    def _now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def _tell(self, source: str, event: str, subject: str, data: dict[str, Any]) -> None:
        envelope = {
            "id": str(new_id()),
            "source": source,
            "type": event,
            "subject": subject,
            "time": self._now().isoformat(),
            "data": data,
        }

        def tell() -> None:
            answer = self._clients[source].call("notify", "POST", "/events", json_body=envelope)
            if not answer.ok:
                raise Refused(f"{event}: {answer.status} {answer.body}")

        insist(f"tell {event}", tell)

    def _submitted(self, number: int, patient: str) -> dict[str, Any]:
        return {
            "submission_id": str(new_id()),
            "patient_id": patient,
            "patient": people.patient(number, people.TOLD),
            "questionnaire": "chaos|1",
            "language": "es" if number % 3 == 0 else "en",
            "answers": {},
            "protocol_version": "chaos",
            "consent_sms": True,
            "consent_email": True,
            "submitted_at": self._now().isoformat(),
        }

    def _facts(self, visit: str, patient: str, starts: datetime, version: int) -> dict[str, Any]:
        return {
            "appointment_id": visit,
            "version": version,
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
            "provider_name": "Robin Example",
            "route": "physical_therapy",
            "starts_at": starts.isoformat(),
            "ends_at": (starts + timedelta(minutes=45)).isoformat(),
            "booked_at": self._now().isoformat(),
        }

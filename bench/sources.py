"""Brings notify events as intake and referral would: signed with their keys, over HTTP, one by one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from bench.clinic import BenchClinic
from kernel.ids import new_id
from kernel.service_client import ServiceClient
from kernel.tokens import Tokens
from local import keys

TELLERS = 8


class Sources:
    """Patients and booked visits as other services tell of them; every call makes one more."""

    def __init__(self, clinic: BenchClinic) -> None:
        secrets = clinic.stack.places.secrets
        public = keys.public_keys_file(secrets).read_text(encoding="utf-8")
        address = {"notify": clinic.stack.service_url("notify")}
        self._now = clinic.hands.now
        self._told = clinic.rows("notify", "SELECT count(*) FROM contact_point")[0][0]
        self._clients = {
            name: ServiceClient(
                Tokens(name, keys.signing_key_file(secrets, name).read_text(encoding="utf-8"), public),
                address,
                timeout_seconds=30.0,
            )
            for name in ("intake", "referral")
        }

    def book_many(self, visits: int, contact: Callable[[int], dict[str, Any]]) -> None:
        """Tell of `visits` patients, each with a visit in five days, `TELLERS` at a time.

        `contact(number)` gives the phone or e-mail of one, with the consent for it.
        """
        first = self._told
        self._told += visits
        with ThreadPoolExecutor(TELLERS) as pool:
            for told in pool.map(
                lambda number: self._book(number, contact(number)), range(first, self._told)
            ):
                assert told is None

    def _tell(self, source: str, event: str, subject: str, data: dict[str, Any]) -> None:
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

    def _book(self, number: int, contact: dict[str, Any]) -> None:
        patient, visit, moment = str(new_id()), str(new_id()), self._now()
        starts = (moment + timedelta(days=5)).replace(hour=16, minute=0, second=0, microsecond=0)
        consents: dict[str, Any] = {
            name: contact.pop(name) for name in ("consent_sms", "consent_email") if name in contact
        }
        self._tell(
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
                    "time_zone": "America/Chicago",
                    **contact,
                },
                "questionnaire": "bench|1",
                "language": "en",
                "answers": {},
                "protocol_version": "bench",
                "submitted_at": moment.isoformat(),
                **consents,
            },
        )
        self._tell("referral", "appointment_booked", visit, visit_facts(patient, visit, moment, starts))


def visit_facts(patient: str, visit: str, booked: Any, starts: Any) -> dict[str, Any]:
    """Return the data of `appointment_booked` for one visit."""
    return {
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
        "booked_at": booked.isoformat(),
    }


def a_phone(number: int) -> dict[str, Any]:
    """One of a million invented numbers, with consent."""
    return {"phone": f"+1816{4_000_000 + number}", "consent_sms": True}


def an_address(number: int) -> dict[str, Any]:
    """An invented e-mail address, with consent."""
    return {"email": f"bench{number}@example.test", "consent_email": True}

"""Brings notify patients and booked visits, many at a time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from bench.clinic import BenchClinic
from kernel.ids import new_id
from local.demo.events import EventTeller, envelope, submission_facts, visit_facts

TELLERS = 8
CONSENTS = ("consent_sms", "consent_email")


class Sources:
    """Patients and booked visits as other services tell of them; every call makes one more."""

    def __init__(self, clinic: BenchClinic) -> None:
        self._now = clinic.hands.now
        self._told = clinic.rows("notify", "SELECT count(*) FROM contact_point")[0][0]
        self._teller = EventTeller(clinic.stack, timeout_seconds=30.0)

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
        answer = self._teller.tell(envelope(source, event, subject, data, self._now()))
        if not answer.ok:
            raise RuntimeError(f"{event}: {answer.status} {answer.body}")

    def _book(self, number: int, contact: dict[str, Any]) -> None:
        patient, visit, moment = str(new_id()), str(new_id()), self._now()
        starts = (moment + timedelta(days=5)).replace(hour=16, minute=0, second=0, microsecond=0)
        consents = {name: contact[name] for name in CONSENTS if name in contact}
        person = {
            "given_name": f"Bench{number}",
            "family_name": "Message",
            "birth_date": "1980-04-02",
            "time_zone": "America/Chicago",
            **{name: value for name, value in contact.items() if name not in consents},
        }
        self._tell(
            "intake", "intake_submitted", patient, submission_facts(patient, person, moment, **consents)
        )
        self._tell("referral", "appointment_booked", visit, visit_facts(visit, patient, moment, starts))


def a_phone(number: int) -> dict[str, Any]:
    """One of a million invented numbers, with consent."""
    return {"phone": f"+1816{4_000_000 + number}", "consent_sms": True}


def an_address(number: int) -> dict[str, Any]:
    """An invented e-mail address, with consent."""
    return {"email": f"bench{number}@example.test", "consent_email": True}

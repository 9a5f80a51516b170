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
from local.demo.events import EventTeller, envelope, submission_facts, visit_facts
from local.demo.hands import Refused


class Teller:
    """Tells notify of visits, moves and cancels; an event is sent with one id until it is acknowledged."""

    def __init__(self, clinic: Clinic, history: History, traffic: Traffic, seed: int) -> None:
        self._history = history
        self._traffic = traffic
        self._dice = random.Random(seed)
        self._offset = timedelta(seconds=clinic.stack.clock_offset_seconds)
        self._teller = EventTeller(clinic.stack)

    def tell_all(self, numbers: range) -> None:
        """Book a visit for each patient; a tenth is moved, a tenth cancelled, and some say STOP."""
        for number in numbers:
            if self._traffic.stopping:
                return
            self._history.note("telling", number=number)
            patient, visit = str(new_id()), str(new_id())
            starts = self._now() + timedelta(days=2 + number % 6, minutes=number % 300)
            self._tell("intake", "intake_submitted", patient, self._submitted(number, patient))
            booked = visit_facts(visit, patient, self._now(), starts)
            self._tell("referral", "appointment_booked", visit, booked)
            self._history.note("booked", appointment=visit, version=1)
            fate = self._dice.random()
            with suppress(OutOfPatience):
                self._after(fate, number, visit, patient, starts)

    def _after(self, fate: float, number: int, visit: str, patient: str, starts: datetime) -> None:
        if fate < 0.3:
            time.sleep(self._dice.random() * 0.2)
        if fate < 0.1:
            moved = visit_facts(visit, patient, self._now(), starts + timedelta(days=1), version=2)
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
        told = envelope(source, event, subject, data, self._now())

        def tell() -> None:
            answer = self._teller.tell(told)
            if not answer.ok:
                raise Refused(f"{event}: {answer.status} {answer.body}")

        insist(f"tell {event}", tell)

    def _submitted(self, number: int, patient: str) -> dict[str, Any]:
        language = "es" if number % 3 == 0 else "en"
        consents = {"consent_sms": True, "consent_email": True}
        person = people.patient(number, people.TOLD)
        return submission_facts(patient, person, self._now(), language=language, **consents)

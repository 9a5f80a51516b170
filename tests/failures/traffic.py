"""Traffic like a clinic's day, sent by clients that retry as they should, and the ledger of what was promised."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from kernel.ids import new_id
from kernel.service_client import ServiceUnavailable
from local.demo.hands import FRONT_DESK, Hands, Refused
from local.demo.stories import STORIES
from local.process_environment import Stack

STORY_TURN = ("cervicogenic", "neck_pain", "low_back", "migraine")
RETRY_SECONDS = 180.0
RETRIED = (httpx.HTTPError, ServiceUnavailable, Refused)


@dataclass
class Ledger:
    """What the clinic acknowledged: submission ids by key, appointment ids, and what could not be done."""

    submissions: dict[str, str] = field(default_factory=dict)
    appointments: dict[str, int] = field(default_factory=dict)
    referrals: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Client:
    """One client: submits, waits for the route, and books some of what it submitted."""

    def __init__(self, stack: Stack, ledger: Ledger, numbers: range, book_every: int) -> None:
        self._hands = Hands(stack)
        self._ledger = ledger
        self._numbers = numbers
        self._book_every = book_every

    def run(self) -> None:
        for number in self._numbers:
            if self._ledger.failures:
                return  # one finding is enough; the others would only wait for it to come true again
            try:
                submission_id = self._submit(number)
                if number % self._book_every == 0:
                    self._book(number, submission_id)
            except Exception as error:  # a client's failure is a finding, and must not end the others
                with self._ledger.lock:
                    self._ledger.failures.append(f"{number}: {type(error).__name__} {error}")

    def _submit(self, number: int) -> str:
        key = str(new_id())
        body = submission(number)
        answer: dict[str, Any] = {}
        for _ in retries():
            with suppress(*RETRIED):
                answer = self._hands.submit(body, key=key)
                break
        with self._ledger.lock:
            self._ledger.submissions[key] = answer["id"]
        return str(answer["id"])

    def _book(self, number: int, submission_id: str) -> None:
        referral = self._routed(submission_id)
        path = f"/api/referral/v1/referrals/{referral['id']}"
        self._insist(f"{path}/accept", {}, version=int(referral["version"]))
        wanted = {"route": referral["route"], "days": "20", "limit": "100"}
        for attempt, _ in enumerate(retries()):
            with suppress(*RETRIED, KeyError, IndexError, TypeError):
                slots = self._hands.get("referral", "/api/referral/v1/slots", FRONT_DESK, **wanted).body[
                    "items"
                ]
                slot = slots[(number + attempt * 7) % len(slots)]
                body = {
                    "visit_type": _id(slot["visit_type"]),
                    "provider_id": _id(slot["provider"]),
                    "site_id": _id(slot["site"]),
                    "starts_at": slot["starts_at"],
                }
                answer = self._hands.do(
                    "referral", f"{path}/appointments", body, actor=FRONT_DESK, key=str(new_id())
                )
                with self._ledger.lock:
                    self._ledger.appointments[answer.body["id"]] = int(answer.body["version"])
                return

    def _insist(self, path: str, body: dict[str, Any], version: int) -> None:
        """POST until it is acknowledged, always with the same key, so an answer lost on the way is no second deed."""
        key = str(new_id())
        for _ in retries():
            with suppress(*RETRIED):
                self._hands.do("referral", path, body, version=version, key=key)
                return

    def _routed(self, submission_id: str) -> dict[str, Any]:
        for _ in retries():
            with suppress(*RETRIED, KeyError, TypeError, AttributeError):
                answer = self._hands.get("intake", f"/api/intake/v1/submissions/{submission_id}").body
                referral_id = answer["referral"]["id"]
                found: dict[str, Any] = self._hands.get(
                    "referral", f"/api/referral/v1/referrals/{referral_id}"
                ).body
                if found["state"] == "needs_triage":
                    return found
        raise AssertionError("unreachable")


def submission(number: int) -> dict[str, Any]:
    """Return the body of submission `number`; each has a phone of its own."""
    return {
        "patient": {
            "given_name": f"Test{number}",
            "family_name": "Traffic",
            "birth_date": f"19{50 + number % 40}-0{1 + number % 9}-1{number % 9}",
            "phone": f"+1816{2010000 + number}",
            "email": f"test{number}@example.test",
            "time_zone": "America/Chicago",
        },
        "language": "es" if number % 4 == 0 else "en",
        "answers": STORIES[STORY_TURN[number % len(STORY_TURN)]],
        "consent": {"sms": True, "email": True},
    }


def retries() -> Iterator[None]:
    """Yield until the client loses patience, a little later each time; then raise AssertionError."""
    deadline, pause = time.monotonic() + RETRY_SECONDS, 0.1
    while time.monotonic() < deadline:
        yield
        time.sleep(pause)
        pause = min(1.0, pause * 1.5)
    raise AssertionError(f"not acknowledged within {RETRY_SECONDS:.0f} s")


def _id(given: Any) -> str:
    return str(given["id"]) if isinstance(given, dict) else str(given)


def run_clients(
    stack: Stack, count: int, *, clients: int = 4, book_every: int = 4
) -> tuple[Ledger, list[threading.Thread]]:
    """Start `clients` threads that together send `count` submissions; returns the ledger they fill."""
    ledger = Ledger()
    threads = [
        threading.Thread(target=Client(stack, ledger, range(first, count, clients), book_every).run)
        for first in range(clients)
    ]
    for thread in threads:
        thread.start()
    return ledger, threads

"""A clinic's day by clients that retry as they should, each with one key a deed; what is acknowledged is noted."""

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any, TypeVar

import httpx

from chaos import people
from chaos.clinic import Clinic
from chaos.history import History
from kernel.ids import new_id
from kernel.service_client import ServiceUnavailable
from local.demo.hands import FRONT_DESK, NURSE, Hands, Refused

PATIENCE_SECONDS = 300.0
T = TypeVar("T")
RETRIED = (httpx.HTTPError, ServiceUnavailable, Refused)
BOARD_SECONDS = 5.0
REFERRAL, INTAKE = "/api/referral/v1", "/api/intake/v1"


class OutOfPatience(Exception):
    """The clinic did not acknowledge a deed for longer than any fault lasts."""


class NoSlot(Exception):
    """The clinic answered that it is full: a true answer, and nothing to insist on."""


class Traffic:
    """Threads that submit, book, move, cancel and reply. `stop` ends them after the deed in hand."""

    def __init__(self, clinic: Clinic, history: History, seed: int) -> None:
        self.clinic = clinic
        self.history = history
        self._dice = random.Random(seed)
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._uncounted: list[threading.Thread] = []
        self._booked: list[tuple[str, int, str]] = []
        self._lock = threading.Lock()
        self.problems: list[str] = []

    def start(self, submissions: int, clients: int, book_every: int, first: int = 0) -> None:
        """Start `clients` threads that share `submissions` patients, and one thread of replies and changed plans."""
        for client in range(clients):
            numbers = range(first + client, first + submissions, clients)
            self._spawn(partial(self._submit_all, numbers, book_every))
        self._spawn(self._changes_of_mind, counted=False)

    @property
    def busy(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """Let every thread finish its deed, and wait for it."""
        self._stopping.set()
        for thread in [*self._threads, *self._uncounted]:
            thread.join()

    def spawn(self, work: Callable[[], None]) -> None:
        """Run more work among the threads whose end `busy` waits for."""
        self._spawn(work)

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def _spawn(self, work: Callable[[], None], *, counted: bool = True) -> None:
        def guarded() -> None:
            try:
                work()
            except Exception as error:  # a client's failure is a finding, and must not end the others
                self.problems.append(f"{type(error).__name__}: {error}")
                self.history.note("gave_up", why=self.problems[-1])

        thread = threading.Thread(target=guarded, daemon=True)
        (self._threads if counted else self._uncounted).append(thread)
        thread.start()

    def _submit_all(self, numbers: range, book_every: int) -> None:
        hands = self.clinic.hands()
        for number in numbers:
            if self.stopping:
                return
            submission_id = self._submit(hands, number)
            if people.story(number) in people.RED:
                self._see_on_board(hands, submission_id)
            elif number % book_every == 0 and people.story(number) not in people.NO_ROUTE:
                with suppress(NoSlot):
                    self._book(hands, number, submission_id)

    def _submit(self, hands: Hands, number: int) -> str:
        key, body = str(new_id()), people.submission(number)
        self.history.note("submitting", key=key, number=number)
        submission_id = str(insist("submit", lambda: hands.submit(body, key=key))["id"])
        self.history.note("submitted", key=key, number=number, id=submission_id)
        return submission_id

    def _see_on_board(self, hands: Hands, submission_id: str) -> None:
        """A red flag's call-back must be on the board within 5 s whenever the board answers at all."""
        began = time.time()

        def look() -> tuple[bool, float]:
            tasks = every_item(hands, "intake", f"{INTAKE}/callback-tasks")
            shown, late = any(task["submission_id"] == submission_id for task in tasks), time.time() - began
            if not shown and late <= BOARD_SECONDS:
                raise Refused("not on the board yet")
            return shown, late

        shown, late = insist("see the call-back", look)
        self.history.note("board", submission=submission_id, shown=shown, seconds=late)

    def _book(self, hands: Hands, number: int, submission_id: str) -> None:
        referral = insist("see it routed", lambda: self._routed(hands, submission_id))
        path, key = f"{REFERRAL}/referrals/{referral['id']}", str(new_id())
        version, turns = int(referral["version"]), count(number, 7)
        insist("accept", lambda: hands.do("referral", f"{path}/accept", {}, version=version, key=key))

        def book() -> Any:
            slot = self._slot(hands, referral["route"], next(turns))
            body = {"visit_type": _id(slot["visit_type"]), **_place(slot)}
            return hands.do(
                "referral", f"{path}/appointments", body, actor=FRONT_DESK, key=str(new_id())
            ).body

        # A second try is another wish under another key: when the first was booked after all, this one is refused.
        visit = insist("book", lambda: self._live_visit(hands, referral["id"]) or book())
        self.history.note("booked", appointment=visit["id"], version=int(visit.get("visit_version", 1)))
        with self._lock:
            self._booked.append((visit["id"], number, referral["route"]))

    def _slot(self, hands: Hands, route: str, turn: int) -> dict[str, Any]:
        wanted = {"route": route, "days": "28", "limit": "100"}
        answer = hands.get("referral", f"{REFERRAL}/slots", FRONT_DESK, **wanted)
        if not answer.ok:
            raise Refused(f"slots of {route}: {answer.status}")
        if not answer.body["items"]:
            self.history.note("no_slot", route=route)
            raise NoSlot
        found: dict[str, Any] = answer.body["items"][turn % len(answer.body["items"])]
        return found

    def _routed(self, hands: Hands, submission_id: str) -> dict[str, Any]:
        answer = hands.get("intake", f"{INTAKE}/submissions/{submission_id}")
        if not answer.ok or not answer.body["referral"]:
            raise Refused(f"submission {submission_id}: {answer.status}, no referral heard of yet")
        found = hands.get("referral", f"{REFERRAL}/referrals/{answer.body['referral']['id']}")
        if not found.ok or found.body["state"] != "needs_triage":
            raise Refused(f"referral of {submission_id}: {found.status}")
        body: dict[str, Any] = found.body
        return body

    def _changes_of_mind(self) -> None:
        """Booked patients confirm, say STOP or something unclear; some visits are moved or cancelled by staff."""
        hands = self.clinic.hands()
        while not self.stopping:
            with self._lock:
                at = self._dice.randrange(len(self._booked)) if self._booked else -1
                visit, number, route = self._booked.pop(at) if at >= 0 else ("", 0, "")
            if visit:
                # A patient or a colleague who gives up is no lost promise: nothing was acknowledged.
                with suppress(OutOfPatience, NoSlot):
                    self._change_of_mind(hands, visit, number, route)
            self._stopping.wait(self._dice.random() * 0.4)

    def _change_of_mind(self, hands: Hands, visit: str, number: int, route: str) -> None:
        fate, phone = self._dice.random(), people.phone(number)
        if fate < 0.35:
            self.reply(phone, "C")
        elif fate < 0.55:
            self.reply(phone, self._dice.choice(("STOP", "stop", "ALTO", "Unsubscribe")))
        elif fate < 0.65:
            self.reply(phone, "can my sister come along?")
        elif fate < 0.85:
            self._change(hands, visit, "cancel", lambda: {"reason_code": "patient_unwell"})
        else:
            turns = count(number * 3 + 11, 7)
            self._change(hands, visit, "move", lambda: _place(self._slot(hands, route, next(turns))))

    def reply(self, phone: str, words: str) -> None:
        """Text the clinic from `phone` until it was taken; an acknowledged STOP is noted with its time."""

        def send() -> None:
            with self.clinic.carrier() as carrier:
                sent = {"from": phone, "body": words, "wait": True}
                answer = carrier.post("/phone/api/reply", json=sent, timeout=60)
            if answer.status_code >= 400 or answer.json()["webhook_status"] != 204:
                raise Refused(f"reply: {answer.status_code}")

        insist("reply", send, seconds=90)
        self.history.note("stopped" if _is_stop(words) else "replied", phone=phone)

    def _change(self, hands: Hands, visit: str, deed: str, wish: Callable[[], dict[str, Any]]) -> None:
        path = f"{REFERRAL}/appointments/{visit}"

        def change() -> bool:
            shown = hands.get("referral", path, FRONT_DESK)
            if not shown.ok:
                raise Refused(f"{path}: {shown.status}")
            if int(shown.body["visit_version"]) > 1:
                return True  # an earlier try was done after all
            revision = int(shown.body["version"])
            hands.do("referral", f"{path}/{deed}", wish(), version=revision, actor=FRONT_DESK)
            return True

        insist(deed, change, seconds=90)
        self.history.note("changed", appointment=visit, deed=deed)

    def _live_visit(self, hands: Hands, referral_id: str) -> dict[str, Any] | None:
        found = hands.get("referral", f"{REFERRAL}/referrals/{referral_id}", FRONT_DESK)
        if not found.ok:
            raise Refused(f"referral {referral_id}: {found.status}")
        visits: list[dict[str, Any]] = found.body.get("appointments") or []
        return next((visit for visit in visits if visit["state"] in ("booked", "confirmed")), None)


def insist(what: str, deed: Callable[[], T], seconds: float = PATIENCE_SECONDS) -> T:
    """Do `deed` until it is acknowledged, a little later each time; raises OutOfPatience with the last refusal."""
    deadline, pause, last = time.monotonic() + seconds, 0.1, ""
    while time.monotonic() < deadline:
        try:
            return deed()
        except RETRIED as error:
            last = f"{type(error).__name__} {error}"
        time.sleep(pause)
        pause = min(1.5, pause * 1.5)
    raise OutOfPatience(f"could not {what} within {seconds:.0f} s: {last}")


def every_item(hands: Hands, service: str, path: str, **params: str) -> list[dict[str, Any]]:
    """Every item of a paged list."""
    items: list[dict[str, Any]] = []
    more: dict[str, str] = {}
    while True:
        answer = hands.get(service, path, NURSE, **params, limit="100", **more)
        if not answer.ok:
            raise Refused(f"{path}: {answer.status} {answer.body}")
        items += answer.body["items"]
        if answer.body["next_cursor"] is None:
            return items
        more = {"cursor": answer.body["next_cursor"]}


def _is_stop(words: str) -> bool:
    return words.upper() in ("STOP", "ALTO", "UNSUBSCRIBE")


def _place(slot: dict[str, Any]) -> dict[str, Any]:
    return {
        "provider_id": _id(slot["provider"]),
        "site_id": _id(slot["site"]),
        "starts_at": slot["starts_at"],
    }


def _id(given: Any) -> str:
    return str(given["id"]) if isinstance(given, dict) else str(given)

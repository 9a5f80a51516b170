"""Bring outbox events to their listeners: lease rows, POST signed envelopes, settle under the attempt ids.

What is due to one listener goes to it in one request, each event with an outcome of its own. What had no good answer
together goes by itself the next time (docs/decisions/0265-events-travel-together.md).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import clock_offset
from kernel.context import request_scope
from kernel.database import Database
from kernel.event_json import batch_json, event_json
from kernel.events import BATCH_TYPE, DATA_TYPE
from kernel.failpoints import failpoint
from kernel.keyring import UnreadableField
from kernel.logs import log
from kernel.rows import cursor
from kernel.service_client import Answer, ServiceClient, ServiceUnavailable
from kernel.settle_deliveries import Delivered, settle_deliveries
from kernel.tables import EventDelivery
from kernel.tell_dead_event import tell_dead_event
from kernel.work import Claim, WorkKind, claim

TABLE = EventDelivery.__tablename__
UNREADABLE = 422
ROWS_PER_RING = 16
# Bytes. A request is read whole before anything in it is done: what is larger goes in several.
LARGEST_TOGETHER = 512 * 1024
# Nothing was the matter with the event itself the last time: it goes with others. "no_answer": nobody was there.
SOUND = frozenset({"", "no_answer", "status 503"})
# FAULT-10: what ended the process that had it in hand three times running is left to a person.
MOST_LOSSES = 3
# Twice: it is taken alone from now on, so that its third time costs those beside it nothing.
SUSPECT = "last_error = 'worker_lost 2'"

OWED = """
SELECT delivery.id AS delivery_id, listener, refusals, last_error, due_at,
    event.id, type, subject, occurred_at, data_sealed, request_id
FROM event_delivery AS delivery JOIN outbox_event AS event ON event.id = delivery.event_id
WHERE delivery.id = ANY($1) ORDER BY delivery.id
"""
# A settled delivery overwrites `last_error`, so only losses that follow one another count.
FREE = """
UPDATE event_delivery AS delivery SET rung_at = NULL, lease_until = NULL, leased_by = '',
    last_error = 'worker_lost ' || lost.losses,
    state = CASE WHEN lost.losses >= :most THEN 'dead' ELSE 'due' END,
    due_at = CASE WHEN lost.losses = 1 THEN delivery.due_at
        ELSE greatest(delivery.due_at, now() + CAST(:offset AS interval) + CAST(:pause AS interval)) END
FROM (SELECT id, 1 + coalesce(CAST(substring(last_error FROM '^worker_lost ([0-9]+)$') AS int), 0) AS losses
    FROM event_delivery WHERE state = 'leased' AND (lease_until < now() OR leased_by = :worker)
    FOR UPDATE SKIP LOCKED) AS lost
WHERE delivery.id = lost.id RETURNING delivery.id, delivery.state,
    (SELECT type FROM outbox_event WHERE outbox_event.id = delivery.event_id) AS type
"""
PAUSE_AFTER_LOSSES = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class _Letter:
    """One claimed delivery, its row of `OWED`, and the envelope to send."""

    claimed: Claim
    event: Any
    envelope: bytes

    @property
    def goes_together(self) -> bool:
        return self.event.last_error in SOUND


@dataclass(frozen=True)
class EventCourier:
    """Delivers this service's outbox. `worker_id` names the process, so its leases can be freed if it dies."""

    service: str
    database: Database
    client: ServiceClient
    worker_id: str

    def deliver(self, delivery_id: UUID) -> None:
        """Claim this delivery and others that are due, and bring them to their listeners, the oldest first."""
        with self.database.transaction() as session:
            claims = claim(session, TABLE, delivery_id, self.worker_id, limit=ROWS_PER_RING, alone=SUSPECT)
        if not claims:
            return
        # Not with the claim: were reading it to end this process, nobody would know who had it in hand.
        with self.database.transaction() as session:
            owed = cursor(session).execute(OWED, [[claimed.id for claimed in claims]]).fetchall()
        by_id = {claimed.id: claimed for claimed in claims}
        letters = list(self._letters((by_id[row.delivery_id], row) for row in owed))
        away: dict[str, str] = {}
        for together in _bundles(letters):
            self._bring(together, away)

    def _letters(self, owed: Iterable[tuple[Claim, Any]]) -> Iterator[_Letter]:
        for claimed, event in owed:
            try:
                yield _Letter(claimed, event, event_json(self.service, event))
            except (UnreadableField, ValueError) as error:
                # Counted like a refusal: it must neither hold back those claimed beside it nor come back for ever.
                self._settle([Delivered(claimed, event, UNREADABLE)])
                log().error("event_unreadable", event_id=str(event.id), error=type(error).__name__)

    def _bring(self, letters: Sequence[_Letter], away: dict[str, str]) -> None:
        """Bring what goes to one listener in one request, and settle it.

        `away`: listeners found unavailable by this task, and why: another request would only wait as long again.
        """
        listener = letters[0].event.listener
        with request_scope(letters[0].event.request_id):
            for letter in letters:
                failpoint("before_delivery", letter.event.type)
            statuses: list[int] | None = [503] * len(letters)
            if listener not in away:
                try:
                    statuses = self._sent(listener, letters)
                except ServiceUnavailable as unavailable:
                    away[listener] = _why(unavailable)
            failpoint("after_delivery")
            if statuses is None:
                for letter in letters:
                    self._bring([letter], away)
                return
            why = away.get(listener, "")
            self._settle(
                [
                    Delivered(letter.claimed, letter.event, status, why)
                    for letter, status in zip(letters, statuses, strict=True)
                ]
            )

    def _sent(self, listener: str, letters: Sequence[_Letter]) -> list[int] | None:
        """The listener's status for each; None when it takes no several at once (an older release, or too large)."""
        together = len(letters) > 1
        body = batch_json(one.envelope for one in letters) if together else letters[0].envelope
        headers = {"Content-Type": BATCH_TYPE if together else DATA_TYPE}
        answer = self.client.call(listener, "POST", "/events", content=body, headers=headers)
        if not together:
            return [answer.status]
        if answer.ok:
            return _statuses(answer, len(letters))
        return None if answer.status in (400, 413, 415, 422) else [answer.status] * len(letters)

    def _settle(self, tries: Sequence[Delivered]) -> None:
        with self.database.transaction() as session:
            settle_deliveries(session, tries)
        for one in tries:
            if not one.ok:
                log().warning(
                    "event_not_delivered",
                    listener=one.event.listener,
                    status=one.status,
                    why=one.why,
                    type=one.event.type,
                )


def _bundles(letters: Sequence[_Letter]) -> Iterator[list[_Letter]]:
    """What goes in one request each: first what goes together, by listener, then the others one by one."""
    by_listener: dict[str, list[_Letter]] = {}
    for letter in letters:
        if letter.goes_together:
            by_listener.setdefault(letter.event.listener, []).append(letter)
    for of_listener in by_listener.values():
        bundle: list[_Letter] = []
        size = 0
        for letter in of_listener:
            if bundle and size + len(letter.envelope) > LARGEST_TOGETHER:
                yield bundle
                bundle, size = [], 0
            bundle.append(letter)
            size += len(letter.envelope)
        yield bundle
    # In the order of their retries, which is another each time: none stands behind the same one for ever.
    by_itself = [one for one in letters if not one.goes_together]
    yield from ([one] for one in sorted(by_itself, key=lambda one: one.event.due_at))


def _why(unavailable: ServiceUnavailable) -> str:
    """What is kept as the last error: nobody there is one thing, a request that was read and not answered another."""
    return "unanswered" if unavailable.why == "no_answer" and unavailable.reached else unavailable.why


def _statuses(answer: Answer, count: int) -> list[int] | None:
    told = answer.body.get("statuses") if isinstance(answer.body, dict) else None
    whole = isinstance(told, list) and len(told) == count and all(type(one) is int for one in told)
    return told if whole else None


def free_deliveries(session: Session, worker_id: str | None) -> int:
    """Put back deliveries whose lease is over, or that `worker_id` held; those lost for the third time are dead."""
    values = {
        "offset": clock_offset(session),
        "worker": worker_id or "-",
        "most": MOST_LOSSES,
        "pause": PAUSE_AFTER_LOSSES,
    }
    freed = session.execute(text(FREE), values).all()
    for row in freed:
        if row.state == "dead":
            log().error("event_ended_its_workers", delivery=str(row.id), times=MOST_LOSSES)
            tell_dead_event(session, row.type)
    return len(freed)


def event_delivery_work(courier: EventCourier) -> WorkKind:
    """Return the kind of work by which relay and workers deliver this service's events."""
    return WorkKind(
        name="event_delivery",
        table=TABLE,
        task=f"{courier.service}.deliver_event",
        run=courier.deliver,
        free=free_deliveries,
        rows_per_ring=ROWS_PER_RING,
        alone=SUSPECT,
    )

"""Bring one outbox event to one listener: lease the row, POST the signed envelope, settle under the attempt id."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.backoff import backoff
from kernel.clock import clock_offset
from kernel.context import request_scope
from kernel.database import Database
from kernel.events import Envelope
from kernel.failpoints import failpoint
from kernel.keyring import UnreadableField
from kernel.logs import log
from kernel.outbox import event_place
from kernel.personal import open_json
from kernel.rows import cursor
from kernel.service_client import Answer, ServiceClient, ServiceUnavailable
from kernel.tables import EventDelivery
from kernel.tell_dead_event import tell_dead_event
from kernel.work import Claim, WorkKind, claim

TABLE = EventDelivery.__tablename__
MOST_REFUSALS = 5
UNREADABLE = 422
ROWS_PER_RING = 8
# FAULT-10: what ended the process that had it in hand three times running is left to a person.
MOST_LOSSES = 3
# Twice: it is taken alone from now on, so that its third time costs those beside it nothing.
SUSPECT = "last_error = 'worker_lost 2'"

OWED = """
SELECT delivery.id AS delivery_id, listener, refusals, event.id, type, subject, occurred_at, data_sealed, request_id
FROM event_delivery AS delivery JOIN outbox_event AS event ON event.id = delivery.event_id
WHERE delivery.id = ANY($1)
"""
SETTLE = """
UPDATE event_delivery SET state = $1, due_at = now() + $2, rung_at = NULL, lease_until = NULL, leased_by = '',
    refusals = $3, last_error = $4, done_at = CASE WHEN $1 = 'done' THEN now() END
WHERE id = $5 AND attempt_id = $6 AND state = 'leased'
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


@dataclass(frozen=True)
class EventCourier:
    """Delivers this service's outbox. `worker_id` names the process, so its leases can be freed if it dies."""

    service: str
    database: Database
    client: ServiceClient
    worker_id: str

    def deliver(self, delivery_id: UUID) -> None:
        """Claim this delivery and a few due beside it, and bring each to its listener."""
        with self.database.transaction() as session:
            claims = claim(session, TABLE, delivery_id, self.worker_id, limit=ROWS_PER_RING, alone=SUSPECT)
        # Not with the claim: were reading it to end this process, nobody would know who had it in hand.
        with self.database.transaction() as session:
            owed = cursor(session).execute(OWED, [[claimed.id for claimed in claims]]).fetchall()
        events = {row.delivery_id: row for row in owed}
        away: dict[str, str] = {}
        for claimed in claims:
            self._deliver_one(claimed, events[claimed.id], away)

    def _deliver_one(self, claimed: Claim, event: Any, away: dict[str, str]) -> None:
        """Deliver one event; `event` is its row of `OWED`.

        `away`: listeners found unavailable by this task, and why: another of theirs would only wait as long again.
        """
        listener = event.listener
        try:
            envelope = _envelope(self.service, event)
        except (UnreadableField, ValueError) as error:
            # Counted like a refusal: it must neither hold back those claimed beside it nor come back for ever.
            with self.database.transaction() as session:
                _settle(session, claimed, Answer(UNREADABLE, None, {}), event)
            log().error("event_unreadable", event_id=str(event.id), error=type(error).__name__)
            return
        with request_scope(envelope.requestid):
            failpoint("before_delivery", event.type)
            answer = Answer(503, None, {})
            if listener not in away:
                try:
                    answer = self.client.call(
                        listener, "POST", "/events", json_body=envelope.model_dump(mode="json")
                    )
                except ServiceUnavailable as unavailable:
                    away[listener] = unavailable.why
            why = away.get(listener, "")
            failpoint("after_delivery")
            with self.database.transaction() as session:
                _settle(session, claimed, answer, event, why)
            if not answer.ok:
                log().warning(
                    "event_not_delivered",
                    listener=listener,
                    status=answer.status,
                    why=why,
                    type=envelope.type,
                )


def _envelope(service: str, event: Any) -> Envelope:
    return Envelope(
        id=event.id,
        source=service,
        type=event.type,
        subject=event.subject,
        time=event.occurred_at,
        requestid=event.request_id,
        data=open_json(event.data_sealed, event_place(event.id)),
    )


def _settle(session: Session, claimed: Claim, answer: Answer, event: Any, why: str = "") -> None:
    """A listener that is down, or does not know the type yet, is tried for ever.

    One that refuses the event five times leaves it to a person.
    """
    refusals = int(event.refusals)
    refused = 400 <= answer.status < 500 and answer.status not in (401, 408, 409, 425, 429)
    refusals += refused
    state = "done" if answer.ok else "dead" if refusals >= MOST_REFUSALS else "due"
    delay = timedelta() if answer.ok else backoff(claimed.attempts)
    error = "" if answer.ok else why or f"status {answer.status}"
    values = [state, clock_offset(session) + delay, refusals, error, claimed.id, claimed.attempt_id]
    written = cursor(session).execute(SETTLE, values).rowcount
    if state == "dead" and written:
        tell_dead_event(session, event.type)


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

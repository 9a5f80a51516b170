"""Bring one outbox event to one listener: lease the row, POST the signed envelope, settle under the attempt id."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.backoff import backoff
from kernel.clock import now
from kernel.context import request_scope
from kernel.database import Database
from kernel.events import Envelope
from kernel.failpoints import failpoint
from kernel.keyring import UnreadableField
from kernel.logs import log
from kernel.outbox import event_place
from kernel.personal import open_json
from kernel.service_client import Answer, ServiceClient, ServiceUnavailable
from kernel.tables import EventDelivery, OutboxEvent
from kernel.work import Claim, WorkKind, claim, free_leases

TABLE = EventDelivery.__tablename__
MOST_REFUSALS = 5
UNREADABLE = 422
ROWS_PER_RING = 8

SETTLE = """
UPDATE event_delivery SET state = :state, due_at = :due_at, rung_at = NULL, lease_until = NULL, leased_by = '',
    refusals = :refusals, last_error = :error, done_at = CASE WHEN :state = 'done' THEN now() END
WHERE id = :id AND attempt_id = :attempt_id AND state = 'leased'
"""


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
            claims = claim(session, TABLE, delivery_id, self.worker_id, limit=ROWS_PER_RING)
        for claimed in claims:
            self._deliver_one(claimed)

    def _deliver_one(self, claimed: Claim) -> None:
        with self.database.transaction() as session:
            delivery = session.get_one(EventDelivery, claimed.id)
            event = session.get_one(OutboxEvent, delivery.event_id)
            listener, refusals = delivery.listener, delivery.refusals
            try:
                envelope = _envelope(self.service, event)
            except (UnreadableField, ValueError) as error:
                # Counted like a refusal: it must neither hold back those claimed beside it nor come back for ever.
                _settle(session, claimed, Answer(UNREADABLE, None, {}), refusals)
                log().error("event_unreadable", event_id=str(event.id), error=type(error).__name__)
                return
        with request_scope(envelope.requestid):
            failpoint("before_delivery")
            try:
                answer = self.client.call(
                    listener, "POST", "/events", json_body=envelope.model_dump(mode="json")
                )
            except ServiceUnavailable:
                answer = Answer(503, None, {})
            failpoint("after_delivery")
            with self.database.transaction() as session:
                _settle(session, claimed, answer, refusals)
            if not answer.ok:
                log().warning(
                    "event_not_delivered", listener=listener, status=answer.status, type=envelope.type
                )


def _envelope(service: str, event: OutboxEvent) -> Envelope:
    return Envelope(
        id=event.id,
        source=service,
        type=event.type,
        subject=event.subject,
        time=event.occurred_at,
        requestid=event.request_id,
        data=open_json(event.data_sealed, event_place(event.id)),
    )


def _settle(session: Session, claimed: Claim, answer: Answer, refusals: int) -> None:
    """A listener that is down is tried for ever; one that refuses the event five times leaves it to a person."""
    refused = 400 <= answer.status < 500 and answer.status not in (401, 408, 409, 425, 429)
    refusals += refused
    state = "done" if answer.ok else "dead" if refusals >= MOST_REFUSALS else "due"
    delay = timedelta() if answer.ok else backoff(claimed.attempts)
    session.execute(
        text(SETTLE),
        {
            "id": claimed.id,
            "attempt_id": claimed.attempt_id,
            "state": state,
            "due_at": now(session) + delay,
            "refusals": refusals,
            "error": "" if answer.ok else f"status {answer.status}",
        },
    )


def event_delivery_work(courier: EventCourier) -> WorkKind:
    """Return the kind of work by which relay and workers deliver this service's events."""
    return WorkKind(
        name="event_delivery",
        table=TABLE,
        task=f"{courier.service}.deliver_event",
        run=courier.deliver,
        free=lambda session, worker_id: free_leases(session, TABLE, worker_id),
        rows_per_ring=ROWS_PER_RING,
    )

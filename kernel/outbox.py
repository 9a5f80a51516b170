"""Events leave by the outbox: written in the caller's transaction, delivered by the relay and the workers."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import request_id
from kernel.contracts.by_event import CONTRACTS
from kernel.events import Contract
from kernel.ids import new_id
from kernel.personal import seal_json
from kernel.routing import listeners

WAKE_CHANNEL = "waymark_work"


# One round trip: the event, what is owed of it, and the call that wakes the relay when this commits.
EMIT = """
WITH event AS (
    INSERT INTO outbox_event (id, type, subject, occurred_at, data_sealed, request_id)
    VALUES (:id, :type, :subject, :at, :sealed, :request_id)
), owed AS (
    INSERT INTO event_delivery (id, event_id, listener, due_at)
    SELECT delivery, :id, listener, :at
    FROM unnest(CAST(:deliveries AS uuid[]), CAST(:listeners AS text[])) AS one (delivery, listener))
SELECT pg_notify(:channel, '')
"""


def event_place(event_id: UUID) -> str:
    """Where an event's data is sealed (see `Keyring.encrypt`)."""
    return f"kernel.outbox_event.data_sealed.{event_id}"


def emit(session: Session, event_type: str, subject: object, data: Contract) -> UUID:
    """Write an event and one delivery per listener; they exist if and only if the caller's transaction commits.

    Returns the event's id. Raises KeyError when `event_type` is not in `kernel.routing`, TypeError when `data` is
    not of the event's contract.
    """
    if not isinstance(data, CONTRACTS[event_type]):
        raise TypeError(f"{event_type} does not carry {type(data).__name__}")
    event_id, owed_to = new_id(), listeners(event_type)
    session.execute(
        text(EMIT),
        {
            "id": event_id,
            "type": event_type,
            "subject": str(subject),
            "at": now(session),
            "sealed": seal_json(data.model_dump(mode="json"), event_place(event_id)),
            "request_id": request_id(),
            "deliveries": [new_id() for _ in owed_to],
            "listeners": list(owed_to),
            "channel": WAKE_CHANNEL,
        },
    )
    session.info[WAKE_CHANNEL] = True
    return event_id


def wake(session: Session) -> None:
    """Have the relay look for due work as soon as this transaction commits (once per transaction)."""
    if not session.info.get(WAKE_CHANNEL):
        session.info[WAKE_CHANNEL] = True
        session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": WAKE_CHANNEL})

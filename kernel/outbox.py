"""Events leave by the outbox: written in the caller's transaction, delivered by the relay and the workers."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import request_id
from kernel.contracts.by_event import CONTRACTS
from kernel.events import Contract
from kernel.ids import new_id
from kernel.personal import seal_text
from kernel.routing import listeners
from kernel.rows import add_values, notify_on_commit
from kernel.tables import EventDelivery, OutboxEvent

WAKE_CHANNEL = "waymark_work"


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
    event_id = new_id()
    moment = now(session)
    add_values(
        session,
        OutboxEvent.__tablename__,
        {
            "id": event_id,
            "type": event_type,
            "subject": str(subject),
            "occurred_at": moment,
            "data_sealed": seal_text(data.model_dump_json(), event_place(event_id)),
            "request_id": request_id(),
        },
    )
    for listener in listeners(event_type):
        owed = {"id": new_id(), "event_id": event_id, "listener": listener, "due_at": moment}
        add_values(session, EventDelivery.__tablename__, owed)
    wake(session)
    return event_id


def wake(session: Session) -> None:
    """Have the relay look for due work as soon as this transaction commits."""
    notify_on_commit(session, WAKE_CHANNEL)

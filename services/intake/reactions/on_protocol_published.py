"""The referral service put a protocol in force: keep it, and evaluate red flags by it from now on."""

from sqlalchemy.orm import Session

from kernel.contracts.protocol_published import ProtocolPublished
from kernel.events import Event
from services.intake.actions.store_protocol import store_protocol


def on_protocol_published(session: Session, event: Event) -> None:
    """Store the version; the rulebook picks it up within seconds."""
    told = ProtocolPublished.model_validate(event.data)
    store_protocol(session, told.number, told.version, told.document)

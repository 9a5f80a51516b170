"""Put the protocol that ships with this release in force where none has been published yet."""

from sqlalchemy.orm import Session

from kernel.context import Actor
from kernel.contracts.protocol import shipped_document
from services.referral.actions.publish_protocol import lock_publishing, publish_protocol
from services.referral.queries.protocols import PublishedProtocol, current_protocol

SHIPPER = Actor("system", "referral.shipped_protocol")


def publish_shipped_protocol(session: Session) -> PublishedProtocol:
    """Return the version in force, publishing the shipped document first when there is none."""
    found = current_protocol(session)
    if found is not None:
        return found
    lock_publishing(session)
    found = current_protocol(session)
    if found is None:
        publish_protocol(session, SHIPPER, shipped_document())
        found = current_protocol(session)
    assert found is not None
    return found

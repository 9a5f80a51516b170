"""Keep a protocol version as it came."""

from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from services.intake.model import ProtocolVersion


def store_protocol(session: Session, number: int, version: str, document: dict[str, Any]) -> None:
    """Store the version unless it is here already; versions never change."""
    stored = session.execute(
        insert(ProtocolVersion)
        .values(number=number, version=version, document=document, received_at=now(session))
        .on_conflict_do_nothing()
        .returning(ProtocolVersion.number)
    ).first()
    if stored is not None:
        record(session, Actor("service", "referral"), "store_protocol", "protocol", number)

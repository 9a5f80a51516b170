"""Publish a protocol document as the next version, for good."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.protocol_published import ProtocolPublished
from kernel.evidence import compile_protocol
from kernel.ids import new_id
from kernel.outbox import emit
from services.referral.model.protocol import ProtocolVersion


def publish_protocol(session: Session, actor: Actor, document: Mapping[str, Any]) -> ProtocolVersion:
    """Store `document` as the version in force and tell the listeners.

    Raises `kernel.evidence.ProtocolError` when it does not compile; then nothing is written.
    """
    compiled = compile_protocol(document)
    lock_publishing(session)
    number = (session.scalar(select(func.max(ProtocolVersion.number))) or 0) + 1
    version = ProtocolVersion(
        id=new_id(),
        number=number,
        version=compiled.version,
        document=dict(document),
        digest=document_digest(document),
        published_at=now(session),
        published_by=f"{actor.kind}:{actor.id}",
    )
    session.add(version)
    session.flush()
    record(session, actor, "publish_protocol", "protocol_version", version.id, details={"number": number})
    emit(
        session,
        "protocol_published",
        version.id,
        ProtocolPublished(version=version.version, number=number, document=version.document),
    )
    return version


def lock_publishing(session: Session) -> None:
    """Let one transaction at a time publish: each number is given once."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('publish_protocol'))"))


def document_digest(document: Mapping[str, Any]) -> bytes:
    """Return the SHA-256 of a document's canonical JSON: the same content, the same digest."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).digest()

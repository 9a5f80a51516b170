"""Published protocol versions, compiled once a process: a published version never changes."""

import gc
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.evidence import Protocol, compile_protocol, evaluate
from kernel.rows import cursor
from services.referral.model.protocol import ProtocolVersion
from services.referral.model.protocol_life import SiteOverlay


@dataclass(frozen=True, slots=True)
class PublishedProtocol:
    """A version in force or once in force, ready to evaluate."""

    number: int
    version: str
    protocol: Protocol


NEWEST = "SELECT digest, number FROM protocol_version ORDER BY number DESC LIMIT 1"
OVERLAY = "SELECT id, digest FROM site_overlay WHERE site = $1 AND state = 'in_force' AND base_number = $2"
_compiled: dict[bytes, PublishedProtocol] = {}
_compiling = Lock()


def current_protocol(session: Session) -> PublishedProtocol | None:
    """Return the version in force, or None before the first is published."""
    found = cursor(session).execute(NEWEST).fetchone()
    return None if found is None else _ready(session, found.digest, found.number)


def protocol_of_version(session: Session, version: str) -> PublishedProtocol | None:
    """Return the published version of that name, or None."""
    named = select(ProtocolVersion.digest, ProtocolVersion.number).where(ProtocolVersion.version == version)
    found = session.execute(named).first()
    if found is not None:
        return _ready(session, found.digest, found.number)
    merged = select(SiteOverlay.id, SiteOverlay.digest).where(SiteOverlay.version == version)
    overlay = session.execute(merged).first()
    return None if overlay is None else _merged(session, overlay.digest, overlay.id)


def protocol_of_number(session: Session, number: int) -> PublishedProtocol:
    """Return the published version of that number.

    Raises: `sqlalchemy.exc.NoResultFound` when there is none.
    """
    digest = session.scalars(select(ProtocolVersion.digest).where(ProtocolVersion.number == number)).one()
    return _ready(session, digest, number)


def protocol_of_site(session: Session, site: str, shared: PublishedProtocol) -> PublishedProtocol:
    """Return the shared protocol with the site's overlay on it, or `shared` where the site has none."""
    overlay = cursor(session).execute(OVERLAY, [site, shared.number]).fetchone() if site else None
    return shared if overlay is None else _merged(session, overlay.digest, overlay.id)


def _merged(session: Session, digest: bytes, overlay_id: UUID) -> PublishedProtocol:
    ready = _compiled.get(digest)
    if ready is None:
        with _compiling:
            row = session.get_one(SiteOverlay, overlay_id)
            ready = PublishedProtocol(row.base_number, row.version, compile_protocol(row.document))
            _compiled[digest] = ready
    return ready


def _ready(session: Session, digest: bytes, number: int) -> PublishedProtocol:
    ready = _compiled.get(digest)
    if ready is None or ready.number != number:
        with _compiling:
            ready = _compiled.get(digest)
            if ready is not None and ready.number == number:
                # Another thread was first: what is left to no collector is made once.
                return ready
            row = session.scalars(select(ProtocolVersion).where(ProtocolVersion.number == number)).one()
            ready = PublishedProtocol(row.number, row.version, compile_protocol(row.document))
            _compiled[digest] = ready
            _settle(ready.protocol)
    return ready


def _settle(protocol: Protocol) -> None:
    """Take a version that stays for good out of what the collector walks through, again and again, for every decision.

    Without it a decision's cost grows faster than the rules (exponent 1.10, with it 0.95: docs/decisions/0191). What is
    new is collected first; the rest of the rubbish of that moment stays, which a few versions a year can afford.
    """
    evaluate(protocol, {})
    gc.collect(1)
    gc.freeze()

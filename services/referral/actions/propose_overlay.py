"""Propose a site's own changes to the shared protocol."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from kernel.evidence import ProtocolError
from kernel.web.problems import FieldProblem, invalid
from services.referral.actions.lay_overlay import lay_overlay
from services.referral.actions.publish_protocol import lock_publishing
from services.referral.actions.publish_shipped_protocol import publish_shipped_protocol
from services.referral.model.protocol_life import SiteOverlay
from services.referral.queries.protocol_life import find_version

# Red flags and what is asked are the same everywhere: intake checks them before it knows the site.
OPEN_SECTIONS = ("routes.rules", "routes.modifiers", "priorities")


def propose_overlay(
    session: Session, actor: Actor, site: str, changes: Sequence[Mapping[str, Any]], reason: str
) -> SiteOverlay:
    """Lay `changes` on the shared protocol and keep the result as proposed; 422 names every fault."""
    lock_publishing(session)
    shared = find_version(session, publish_shipped_protocol(session).number)
    assert shared is not None
    closed = [i for i, change in enumerate(changes) if change.get("section") not in OPEN_SECTIONS]
    if closed:
        raise invalid([FieldProblem(f"changes[{i}].section", "shared_everywhere") for i in closed])
    try:
        overlay = lay_overlay(session, actor, (site, changes, reason), shared)
    except ProtocolError as error:
        raise invalid([FieldProblem(fault.path, fault.code) for fault in error.problems[:50]]) from None
    record(session, actor, "propose_overlay", "site_overlay", overlay.id, details={"site": site})
    return overlay

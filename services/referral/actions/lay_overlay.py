"""Merge a site's changes into the shared protocol and keep the result."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.evidence import compile_protocol
from kernel.evidence.overlay import merge_overlay
from kernel.ids import new_id
from services.referral.actions.publish_protocol import document_digest
from services.referral.model.protocol import ProtocolVersion
from services.referral.model.protocol_life import SiteOverlay


def lay_overlay(
    session: Session,
    actor: Actor,
    wish: tuple[str, Sequence[Mapping[str, Any]], str],
    shared: ProtocolVersion,
) -> SiteOverlay:
    """Merge (site, changes, reason) into `shared` and keep it as proposed; raises `ProtocolError`."""
    site, changes, reason = wish
    made_for = {"id": shared.document.get("id"), "version": shared.version}
    base = {**shared.document, "version": shared.version}
    merged = merge_overlay(base, {"site": site, "made_for": made_for, "changes": [dict(c) for c in changes]})
    many = select(func.count()).select_from(SiteOverlay).where(SiteOverlay.site == site)
    number = (session.scalar(many) or 0) + 1
    merged["version"] = f"{shared.version}+{site}.{number}"
    compile_protocol(merged)
    overlay = SiteOverlay(
        id=new_id(),
        site=site,
        number=number,
        version=merged["version"],
        base_number=shared.number,
        changes=[dict(change) for change in changes],
        document=merged,
        digest=document_digest(merged),
        state="proposed",
        proposed_at=now(session),
        proposed_by=actor.id,
        reason=reason,
    )
    session.add(overlay)
    session.flush()
    return overlay

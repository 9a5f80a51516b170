"""A site's own changes to the shared protocol: proposed by one clinician, put in force by another."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.evidence import ProtocolError, compile_protocol
from kernel.evidence.overlay import merge_overlay
from kernel.ids import new_id
from kernel.web.problems import FieldProblem, conflict, invalid
from services.referral.actions.publish_protocol import document_digest, lock_publishing
from services.referral.actions.publish_shipped_protocol import publish_shipped_protocol
from services.referral.model.protocol import ProtocolVersion
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
        overlay = _lay(session, actor, (site, changes, reason), shared)
    except ProtocolError as error:
        raise invalid([FieldProblem(fault.path, fault.code) for fault in error.problems[:50]]) from None
    record(session, actor, "propose_overlay", "site_overlay", overlay.id, details={"site": site})
    return overlay


def _lay(
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


def approve_overlay(session: Session, actor: Actor, overlay: SiteOverlay) -> None:
    """Put a proposed overlay in force for its site. 409 for its author, and when the shared protocol has moved on."""
    lock_publishing(session)
    current = publish_shipped_protocol(session)
    if overlay.state != "proposed":
        raise conflict("overlay_decided", "This overlay was decided on already.")
    if overlay.proposed_by == actor.id:
        raise conflict(
            "second_person", "Whoever proposed an overlay cannot put it in force. Ask a second clinician."
        )
    if overlay.base_number != current.number:
        raise conflict("stale", "The shared protocol has a newer version. Propose the overlay again.")
    _end_standing(session, actor, overlay.site)
    _decide(session, actor, overlay, "in_force")


def withdraw_overlay(session: Session, actor: Actor, overlay: SiteOverlay) -> None:
    """Take an overlay out of force, or turn a proposed one down; the site follows the shared protocol again."""
    if overlay.state not in ("proposed", "in_force"):
        raise conflict("overlay_decided", "This overlay is not in force.")
    _decide(session, actor, overlay, "withdrawn")


def carry_overlays(session: Session, actor: Actor, shared: ProtocolVersion) -> None:
    """Lay every overlay in force on the new shared version. 409 `overlay_conflict` when one no longer fits."""
    standing = session.scalars(select(SiteOverlay).where(SiteOverlay.state == "in_force")).all()
    for overlay in standing:
        try:
            carried = _lay(session, actor, (overlay.site, overlay.changes, overlay.reason), shared)
        except ProtocolError as error:
            raise conflict(
                "overlay_conflict",
                "A site's overlay does not fit this version. Change or withdraw it first. Nothing was published.",
                site=overlay.site,
                faults=[{"path": fault.path, "code": fault.code} for fault in error.problems[:20]],
            ) from None
        carried.proposed_by = overlay.proposed_by
        _decide(session, actor, overlay, "superseded")
        _decide(session, actor, carried, "in_force")


def _end_standing(session: Session, actor: Actor, site: str) -> None:
    own = select(SiteOverlay).where(SiteOverlay.site == site, SiteOverlay.state == "in_force")
    for overlay in session.scalars(own).all():
        _decide(session, actor, overlay, "superseded")


def _decide(session: Session, actor: Actor, overlay: SiteOverlay, state: str) -> None:
    overlay.state = state
    overlay.decided_at = now(session)
    overlay.decided_by = actor.id
    session.flush()
    record(session, actor, f"overlay_{state}", "site_overlay", overlay.id, details={"site": overlay.site})

"""Lay the overlays in force on a new shared version."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.context import Actor
from kernel.evidence import ProtocolError
from kernel.web.problems import conflict
from services.referral.actions.decide_overlay import decide_overlay
from services.referral.actions.lay_overlay import lay_overlay
from services.referral.model.protocol import ProtocolVersion
from services.referral.model.protocol_life import SiteOverlay


def carry_overlays(session: Session, actor: Actor, shared: ProtocolVersion) -> None:
    """Lay every overlay in force on the new shared version. 409 `overlay_conflict` when one no longer fits."""
    standing = session.scalars(select(SiteOverlay).where(SiteOverlay.state == "in_force")).all()
    for overlay in standing:
        try:
            carried = lay_overlay(session, actor, (overlay.site, overlay.changes, overlay.reason), shared)
        except ProtocolError as error:
            raise conflict(
                "overlay_conflict",
                "A site's overlay does not fit this version. Change or withdraw it first. Nothing was published.",
                site=overlay.site,
                faults=[{"path": fault.path, "code": fault.code} for fault in error.problems[:20]],
            ) from None
        carried.proposed_by = overlay.proposed_by
        decide_overlay(session, actor, overlay, "superseded")
        decide_overlay(session, actor, carried, "in_force")

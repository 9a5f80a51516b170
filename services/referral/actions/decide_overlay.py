"""Write what was decided about an overlay."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from services.referral.model.protocol_life import SiteOverlay


def decide_overlay(session: Session, actor: Actor, overlay: SiteOverlay, state: str) -> None:
    """Write what was decided about an overlay, by whom and when."""
    overlay.state = state
    overlay.decided_at = now(session)
    overlay.decided_by = actor.id
    session.flush()
    record(session, actor, f"overlay_{state}", "site_overlay", overlay.id, details={"site": overlay.site})

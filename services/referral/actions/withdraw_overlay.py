"""Let a site follow the shared protocol again."""

from sqlalchemy.orm import Session

from kernel.context import Actor
from kernel.web.problems import conflict
from services.referral.actions.decide_overlay import decide_overlay
from services.referral.model.protocol_life import SiteOverlay


def withdraw_overlay(session: Session, actor: Actor, overlay: SiteOverlay) -> None:
    """Take an overlay out of force, or turn a proposed one down; the site follows the shared protocol again."""
    if overlay.state not in ("proposed", "in_force"):
        raise conflict("overlay_decided", "This overlay is not in force.")
    decide_overlay(session, actor, overlay, "withdrawn")

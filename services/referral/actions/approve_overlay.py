"""Put a proposed overlay in force, by a second person."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.context import Actor
from kernel.web.problems import conflict
from services.referral.actions.decide_overlay import decide_overlay
from services.referral.actions.publish_protocol import lock_publishing
from services.referral.actions.publish_shipped_protocol import publish_shipped_protocol
from services.referral.model.protocol_life import SiteOverlay


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
    decide_overlay(session, actor, overlay, "in_force")


def _end_standing(session: Session, actor: Actor, site: str) -> None:
    own = select(SiteOverlay).where(SiteOverlay.site == site, SiteOverlay.state == "in_force")
    for overlay in session.scalars(own).all():
        decide_overlay(session, actor, overlay, "superseded")

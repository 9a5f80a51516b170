"""A personal link stops working."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from services.intake.model import PatientLink


def revoke_link(session: Session, actor: Actor, link: PatientLink) -> None:
    """Revoke `link`; doing it again changes nothing."""
    if link.revoked_at is None:
        link.revoked_at = now(session)
        record(session, actor, "revoke_link", "patient_link", link.id, reason=link.purpose)

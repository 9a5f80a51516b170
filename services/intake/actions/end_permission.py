"""A permission was withdrawn, or was recorded by mistake."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from services.intake.model import InstrumentPermission


def end_permission(session: Session, actor: Actor, permission: InstrumentPermission) -> None:
    """The permission holds no longer; ending it twice changes nothing."""
    if permission.ended_at is not None:
        return
    permission.ended_at, permission.ended_by = now(session), actor.id
    permission.version += 1
    details = {"instrument": permission.instrument}
    record(session, actor, "end_permission", "instrument_permission", permission.id, details=details)

"""A manager records that an instrument's owner allows it to be asked here."""

from datetime import date

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from services.intake.model import InstrumentPermission


def record_permission(
    session: Session,
    actor: Actor,
    *,
    instrument: str,
    granted_by: str,
    reference: str,
    granted_on: date,
    expires_on: date | None,
) -> InstrumentPermission:
    """Store the permission: from now on questionnaires that hold the instrument can be published and sent."""
    permission = InstrumentPermission(
        id=new_id(),
        instrument=instrument,
        granted_by=granted_by,
        reference=reference,
        granted_on=granted_on,
        expires_on=expires_on,
        version=1,
        recorded_by=actor.id,
        recorded_by_name=actor.name,
        recorded_at=now(session),
        ended_by="",
    )
    session.add(permission)
    details = {"instrument": instrument, "reference": reference}
    record(session, actor, "record_permission", "instrument_permission", permission.id, details=details)
    return permission

"""Tell everyone, and the audit trail, that a contact point was opted out or in."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.contact_opt import ContactOpted
from kernel.outbox import emit
from services.notify.model import ContactPoint

PATIENTS = "SELECT patient_id FROM patient_contact WHERE contact_point_id = :point ORDER BY patient_id"


def tell_opt(session: Session, event: str, point: ContactPoint, actor: Actor, by: str) -> Sequence[UUID]:
    """Emit `event` about `point`; return the patients who use it."""
    patients = list(session.scalars(text(PATIENTS), {"point": point.id}))
    record(session, actor, event, "contact_point", point.id, reason=by, details={"patients": len(patients)})
    emit(
        session,
        event,
        point.id,
        ContactOpted(patient_ids=patients, channel=point.channel, at=now(session)),
    )
    return patients

"""Mark a visit as confirmed by the patient."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from services.referral.actions.lock_visit import lock_visit, require_deed
from services.referral.actions.note_change import note_change, place_and_time
from services.referral.model.appointment import Appointment


def confirm_appointment(
    session: Session,
    actor: Actor,
    appointment_id: UUID,
    channel: str,
    *,
    at: datetime | None = None,
    version: int | None = None,
) -> Appointment:
    """Mark the visit confirmed by `channel` (sms, email, link, phone). `at`: when the patient said so (default: now).

    `version`: which version the patient said yes to; a yes to an older one changes nothing but is noted, and so is
    a second yes. Raises 404; 409 when the visit can no longer be confirmed and no version was named.
    """
    appointment, _ = lock_visit(session, appointment_id)
    if version is not None and (version != appointment.version or appointment.state != "booked"):
        note_change(session, actor, appointment, "note_late_yes", reason=f"version_{version}")
        return appointment
    require_deed(appointment, "confirm")
    before = place_and_time(appointment)
    appointment.state, appointment.state_since = "confirmed", now(session)
    appointment.confirmed_at = at or now(session)
    appointment.confirmed_by_channel = channel
    appointment.confirmed_version = appointment.version
    if appointment.asks in ("reschedule", "cannot_come"):
        appointment.asks, appointment.asks_since = "", None
    note_change(session, actor, appointment, "confirm", before=before, reason=channel)
    return appointment

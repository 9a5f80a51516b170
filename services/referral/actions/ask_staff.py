"""Put a visit in front of staff: the patient wants something, or it passed without a word."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from services.referral.actions.lock_visit import lock_visit
from services.referral.actions.note_change import note_change
from services.referral.model.appointment import Appointment
from services.referral.queries.appointments import LIVE_STATES


def ask_staff(
    session: Session, actor: Actor, appointment_id: UUID, asks: str, *, version: int | None = None
) -> Appointment:
    """Set what waits for staff: reschedule, cannot_come or outcome; raises 404.

    What concerns an older version or a finished visit is only noted. The slot stays the patient's until somebody
    has decided.
    """
    appointment, _ = lock_visit(session, appointment_id)
    if (version is not None and version != appointment.version) or appointment.state not in LIVE_STATES:
        note_change(session, actor, appointment, "note_late_reply", reason=asks)
        return appointment
    appointment.asks, appointment.asks_since = asks, now(session)
    note_change(session, actor, appointment, "ask_staff_about", reason=asks)
    return appointment

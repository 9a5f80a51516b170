"""Plan one message about an appointment outside its cadence: a cancellation, for those who knew of the visit."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.ids import new_id
from kernel.outbox import wake
from services.notify.actions.record_moves import Move, record_moves
from services.notify.model import Appointment, Patient, PlannedMessage
from services.notify.queries.reach import reach_of
from services.notify.rules.wording import message_language


def plan_notice(
    session: Session,
    appointment: Appointment,
    *,
    step: str,
    channel: str,
    template: str,
    exempt: str,
    useful_for: timedelta,
) -> UUID | None:
    """Plan `step` on `channel` for now; return the message's id, or None when it was planned before."""
    at = now(session)
    patient = session.get(Patient, appointment.patient_id)
    contact = reach_of(session, appointment.patient_id)[channel]
    language, note = message_language(patient.language if patient else "en")
    state = "suppressed" if contact.barrier else "due"
    planned = session.execute(
        insert(PlannedMessage)
        .values(
            id=new_id(),
            patient_id=appointment.patient_id,
            appointment_id=appointment.id,
            appointment_version=appointment.version,
            step=step,
            channel=channel,
            topic="visit",
            contact_point_id=contact.contact_point_id,
            language=language,
            language_note=note,
            template=template,
            exempt=exempt,
            planned_for=at,
            expires_at=at + useful_for,
            state=state,
            reason=contact.barrier,
            created_at=at,
            due_at=at,
        )
        .on_conflict_do_nothing()
        .returning(PlannedMessage.id)
    ).scalar()
    if planned is not None:
        record_moves(session, [Move(planned, "", state, contact.barrier)], at)
        wake(session)
    return planned

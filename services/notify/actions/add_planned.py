"""Store one planned message of a visit."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.ids import new_id
from services.notify.actions.record_moves import Move
from services.notify.model import Appointment, PlannedMessage
from services.notify.rules.plan import Planned


def add_planned(
    session: Session,
    appointment: Appointment,
    planned: Planned,
    *,
    point: UUID | None,
    language: tuple[str, str],
    at: datetime,
) -> Move:
    """Add the row of `planned` for `appointment`'s version and return its first move, for the trail.

    `language`: the one to write in, and why it is not the one wished for ("" when it is).
    """
    row = PlannedMessage(
        id=new_id(),
        patient_id=appointment.patient_id,
        appointment_id=appointment.id,
        appointment_version=appointment.version,
        step=planned.step,
        channel=planned.channel,
        topic=planned.topic,
        contact_point_id=point,
        language=language[0],
        language_note=language[1],
        template=planned.template,
        urgent=False,
        exempt=planned.exempt,
        planned_for=planned.planned_for,
        expires_at=planned.expires_at,
        state=planned.state,
        reason=planned.reason,
        created_at=at,
        due_at=planned.due_at,
    )
    session.add(row)
    return Move(row.id, "", planned.state, planned.reason)

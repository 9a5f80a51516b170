"""A visit was booked: plan its messages."""

from sqlalchemy.orm import Session

from kernel.contracts.appointment import AppointmentBooked
from kernel.events import Event
from services.notify.actions.add_appointment import add_appointment
from services.notify.actions.keep_appointment import keep_appointment
from services.notify.actions.lock_appointment import lock_appointment
from services.notify.actions.plan_visit import plan_visit


def on_appointment_booked(session: Session, event: Event) -> None:
    """Keep the visit and plan it, unless a later version is known already."""
    heard = AppointmentBooked.model_validate(event.data)
    fresh = add_appointment(session, heard, heard.booked_at)
    if fresh is not None:
        plan_visit(session, fresh, is_new=True)
        return
    row = lock_appointment(session, heard.appointment_id, heard.patient_id)
    if row.version >= heard.version:
        return
    keep_appointment(session, row, heard, heard.booked_at)
    plan_visit(session, row)

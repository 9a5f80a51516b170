"""A visit was moved: what waits for the old time is void, and the new time gets its own messages."""

from sqlalchemy.orm import Session

from kernel.contracts.appointment import AppointmentMoved
from kernel.events import Event
from services.notify.actions.keep_appointment import keep_appointment
from services.notify.actions.lock_appointment import lock_appointment
from services.notify.actions.plan_visit import plan_visit
from services.notify.actions.withdraw_messages import withdraw_messages


def on_appointment_moved(session: Session, event: Event) -> None:
    """Withdraw the older versions' messages and plan the new one."""
    heard = AppointmentMoved.model_validate(event.data)
    row = lock_appointment(session, heard.appointment_id, heard.patient_id)
    if row.version >= heard.version:
        return
    withdraw_messages(session, row.id, heard.version - 1, "moved")
    keep_appointment(session, row, heard, event.time)
    plan_visit(session, row)

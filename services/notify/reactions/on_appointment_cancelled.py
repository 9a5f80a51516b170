"""A visit will not happen: withdraw its messages, and tell those who were told of it."""

from datetime import timedelta

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.contracts.appointment import AppointmentCancelled
from kernel.events import Event
from services.notify.actions.lock_appointment import lock_appointment
from services.notify.actions.plan_notice import plan_notice
from services.notify.actions.withdraw_messages import withdraw_messages
from services.notify.queries.channels_told import channels_told


def on_appointment_cancelled(session: Session, event: Event) -> None:
    """Void every version up to this one; who cancelled by themselves is not told what they know."""
    heard = AppointmentCancelled.model_validate(event.data)
    row = lock_appointment(session, heard.appointment_id, heard.patient_id)
    if row.version > heard.version or (row.version == heard.version and row.state != "booked"):
        return
    withdraw_messages(session, row.id, heard.version, "cancelled")
    row.version, row.state, row.changed_at = heard.version, "cancelled", now(session)
    session.flush()
    ahead = row.starts_at is not None and row.starts_at > now(session)
    if row.facts is not None and ahead and heard.by != "patient":
        for channel in channels_told(session, row.id):
            plan_notice(
                session,
                row,
                step="cancelled",
                channel=channel,
                template="visit_cancelled",
                exempt="correction",
                useful_for=timedelta(days=1),
            )

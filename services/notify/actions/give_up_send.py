"""A message ended the process that was sending it three times: it is not tried again, and a person is told."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.logs import log
from services.notify.actions.open_staff_item import open_staff_item
from services.notify.actions.plan_next_channel import plan_next_channel
from services.notify.actions.record_moves import Move, record_moves

GIVE_UP = """
UPDATE planned_message SET state = 'failed', reason = 'worker_lost_often', rung_at = NULL
WHERE id = :id AND state = 'due' RETURNING patient_id, appointment_id, contact_point_id, channel
"""


def give_up_send(session: Session, message_id: UUID) -> None:
    """End the due message `message_id`, which no provider has; the next channel takes over where there is one."""
    message = session.execute(text(GIVE_UP), {"id": message_id}).first()
    if message is None:
        return
    record_moves(session, [Move(message_id, "due", "failed", "worker_lost_often")], now(session))
    log().error("message_ended_its_senders", message=str(message_id))
    open_staff_item(
        session,
        "send_gave_up",
        message_id,
        patient_id=message.patient_id,
        appointment_id=message.appointment_id,
        contact_point_id=message.contact_point_id,
        code="worker_lost_often",
    )
    plan_next_channel(session, message_id)

"""The patient answered yes to a reminder: the visit is confirmed, if it is still the one they were asked about."""

from sqlalchemy.orm import Session

from kernel.context import Actor
from kernel.contracts.reply import ReplyMeant
from kernel.events import Event
from services.referral.actions.confirm_appointment import confirm_appointment


def on_reply_confirmed(session: Session, event: Event) -> None:
    """Confirm that version of the visit, as the patient."""
    reply = ReplyMeant.model_validate(event.data)
    confirm_appointment(
        session,
        Actor("patient", str(reply.patient_id)),
        reply.appointment_id,
        reply.channel,
        at=reply.received_at,
        version=reply.appointment_version,
    )

"""The patient asked for another time: staff are asked, the slot stays theirs until somebody decides."""

from sqlalchemy.orm import Session

from kernel.context import Actor
from kernel.contracts.reply import ReplyMeant
from kernel.events import Event
from services.referral.actions.ask_staff import ask_staff


def on_reply_reschedule(session: Session, event: Event) -> None:
    """Put that version of the visit in front of staff."""
    reply = ReplyMeant.model_validate(event.data)
    patient = Actor("patient", str(reply.patient_id))
    ask_staff(session, patient, reply.appointment_id, "reschedule", version=reply.appointment_version)

"""Staff read a reply as a yes to the visit it answers: the visit is confirmed as if they had texted C."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.reply import ReplyMeant
from kernel.outbox import emit
from services.notify.actions.close_reply import close_reply
from services.notify.actions.lock_reply import lock_reply
from services.notify.model import Appointment


def confirm_by_staff(session: Session, actor: Actor, reply_id: UUID) -> str:
    """Close the reply and tell that its visit is confirmed; return "" or why it cannot be done."""
    reply, _ = lock_reply(session, reply_id)
    if reply is None or reply.state != "open":
        return "not_open"
    visit = session.get(Appointment, reply.appointment_id) if reply.appointment_id else None
    if visit is None or reply.appointment_version is None or visit.version != reply.appointment_version:
        return "no_visit"
    if visit.state != "booked" or visit.starts_at is None or visit.starts_at <= now(session):
        return "no_visit"
    emit(
        session,
        "reply_confirmed",
        visit.id,
        ReplyMeant(
            appointment_id=visit.id,
            appointment_version=visit.version,
            patient_id=visit.patient_id,
            reply_id=reply.id,
            channel=reply.channel,
            received_at=reply.received_at,
        ),
    )
    close_reply(session, actor, reply_id, "visit_confirmed")
    return ""

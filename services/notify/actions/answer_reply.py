"""Staff answer a reply with one of the clinic's quick texts, and with that have dealt with it."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from services.notify.actions.close_reply import close_reply
from services.notify.actions.lock_reply import lock_reply
from services.notify.actions.plan_answer import plan_answer
from services.notify.model import Patient
from services.notify.rules.quick_texts import QuickText


def answer_reply(session: Session, actor: Actor, reply_id: UUID, quick_text: QuickText) -> str:
    """Plan the text `quick_text` to who wrote, and close the reply; return "" or why it cannot be done.

    Planned as any message: quiet hours hold it until the morning, an opt-out stops it. The same words go to a number
    once a day at most.
    """
    reply, point = lock_reply(session, reply_id)
    if reply is None or reply.state != "open":
        return "not_open"
    if point is None or reply.patient_id is None:
        return "nobody_known"
    if point.opted_out_at is not None:
        return "opted_out"
    patient = session.get(Patient, reply.patient_id)
    planned = plan_answer(
        session, reply, quick_text, patient.language if patient else "en", exempt="staff_answer"
    )
    if planned is None:
        return "answered_today"
    record(
        session,
        actor,
        "answer_reply",
        "reply",
        reply_id,
        reason=quick_text,
        details={"message": str(planned)},
    )
    close_reply(session, actor, reply_id, "answered_by_text")
    return ""

"""Answer a patient's own text, at most once a day with the same words, so that no two machines write to each other."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.ids import new_id
from kernel.outbox import wake
from services.notify.actions.record_moves import Move, record_moves
from services.notify.model import PlannedMessage, Reply
from services.notify.rules.wording import message_language

ANSWERED = """
SELECT 1 FROM planned_message WHERE contact_point_id = :point AND step = :step AND created_at > :since
    AND cause_id IS NOT NULL LIMIT 1
"""
ONCE_A_DAY = timedelta(hours=24)
OWN_TEXT = "answer_to_own_text"
USEFUL = timedelta(minutes=30)
USEFUL_FROM_STAFF = timedelta(hours=24)
# The law allows one confirmation of an opt-out, within five minutes.
USEFUL_AFTER_OPT_OUT = timedelta(minutes=5)


def plan_answer(
    session: Session, reply: Reply, step: str, language: str, exempt: str = OWN_TEXT
) -> UUID | None:
    """Plan the answer `step` to `reply`; None when the same was answered within a day.

    `exempt` "staff_answer" is one a person chose, which waits for the morning and is of use for a day.
    """
    at = now(session)
    values = {"point": reply.contact_point_id, "step": step, "since": at - ONCE_A_DAY}
    if session.execute(text(ANSWERED), values).first() is not None:
        return None
    chosen, note = message_language(language)
    useful = USEFUL_AFTER_OPT_OUT if step == "opt_out_confirmed" else USEFUL
    if exempt != OWN_TEXT:
        useful = USEFUL_FROM_STAFF
    message_id = new_id()
    session.execute(
        insert(PlannedMessage).values(
            id=message_id,
            patient_id=reply.patient_id,
            cause_id=reply.id,
            step=step,
            channel=reply.channel,
            topic="visit",
            contact_point_id=reply.contact_point_id,
            language=chosen,
            language_note=note,
            template=step,
            exempt=exempt,
            planned_for=at,
            expires_at=at + useful,
            state="due",
            created_at=at,
            due_at=at,
        )
    )
    record_moves(session, [Move(message_id, "", "due", exempt)], at)
    wake(session)
    return message_id

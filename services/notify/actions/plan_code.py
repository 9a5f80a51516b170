"""Plan the text with a one-time code: at once, outside the caps, to the phone it was asked for."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.contracts.code_requested import CodeRequested
from kernel.ids import new_id
from kernel.outbox import wake
from kernel.personal import seal_json
from services.notify.actions.record_moves import Move, record_moves
from services.notify.model import PlannedMessage
from services.notify.queries.reach import reach_of
from services.notify.rules.wording import message_language

STEP = EXEMPT = "one_time_code"
# What the patient asked for a moment ago needs no standing consent; an opt-out and a dead number still stop it.
NO_BARRIER = ("", "no_consent")


def plan_code(session: Session, asked: CodeRequested) -> None:
    """Plan the text once per code; worthless when the code is, so it expires with it."""
    at = now(session)
    contact = reach_of(session, asked.patient_id)["sms"]
    barrier = "" if contact.barrier in NO_BARRIER else contact.barrier
    language, note = message_language(asked.patient.language)
    message_id = new_id()
    planned = session.execute(
        insert(PlannedMessage)
        .values(
            id=message_id,
            patient_id=asked.patient_id,
            cause_id=asked.code_id,
            step=STEP,
            channel="sms",
            topic="visit",
            contact_point_id=contact.contact_point_id,
            language=language,
            language_note=note,
            template=STEP,
            about_sealed=seal_json({"code": asked.code}, f"notify.planned_message.about_sealed.{message_id}"),
            exempt=EXEMPT,
            planned_for=at,
            expires_at=asked.expires_at,
            state="suppressed" if barrier else "due",
            reason=barrier,
            created_at=at,
            due_at=at,
        )
        .on_conflict_do_nothing()
        .returning(PlannedMessage.id)
    ).scalar()
    if planned is not None:
        record_moves(session, [Move(planned, "", "suppressed" if barrier else "due", barrier or EXEMPT)], at)
        wake(session)

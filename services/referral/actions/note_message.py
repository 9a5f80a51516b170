"""Keep the latest known state of a message, whatever order the news comes in."""

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.contracts.message_state_changed import MessageStateChanged
from services.referral.model.move import ReferralMessage


def note_message(session: Session, changed: MessageStateChanged) -> None:
    """Insert the message, or update it when this news is newer than what is known."""
    row = {
        "id": changed.message_id,
        "patient_id": changed.patient_id,
        "appointment_id": changed.appointment_id,
        "appointment_version": changed.appointment_version,
        "step": changed.step,
        "channel": changed.channel,
        "state": changed.state,
        "reason": changed.reason,
        "first_at": changed.at,
        "at": changed.at,
    }
    new = insert(ReferralMessage).values(**row)
    session.execute(
        new.on_conflict_do_update(
            index_elements=[ReferralMessage.id],
            set_={
                "state": new.excluded.state,
                "reason": new.excluded.reason,
                "at": new.excluded.at,
                "first_at": func.least(ReferralMessage.first_at, new.excluded.first_at),
            },
            where=ReferralMessage.at <= new.excluded.at,
        )
    )

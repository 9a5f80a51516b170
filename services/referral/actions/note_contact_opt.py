"""Remember whether a patient takes our messages on a channel; older news does not undo newer."""

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.contracts.contact_opt import ContactOpted
from services.referral.model.move import ContactOpt


def note_contact_opt(session: Session, opted: ContactOpted, *, out: bool) -> None:
    """Set the channel's state for each patient who shares the contact point."""
    for patient_id in opted.patient_ids:
        new = insert(ContactOpt).values(
            patient_id=patient_id, channel=opted.channel, opted_out=out, at=opted.at
        )
        session.execute(
            new.on_conflict_do_update(
                index_elements=[ContactOpt.patient_id, ContactOpt.channel],
                set_={"opted_out": new.excluded.opted_out, "at": new.excluded.at},
                where=ContactOpt.at <= new.excluded.at,
            )
        )

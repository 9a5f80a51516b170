"""Write the note that goes back to the referrer."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from services.referral.model.inbound import ConsultNote
from services.referral.model.referral import Referral


def return_note(session: Session, actor: Actor, referral: Referral, text: str) -> ConsultNote:
    """Add a note; it is not yet reviewed."""
    note = ConsultNote(id=new_id(), referral_id=referral.id, returned_at=now(session), returned_by=actor.id)
    note.text = text
    session.add(note)
    referral.version += 1
    record(session, actor, "return_note", "referral", referral.id, details={"note": str(note.id)})
    return note

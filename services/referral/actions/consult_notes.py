"""The note that goes back to the referrer: returned, reviewed, acknowledged, each by a deed of its own."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from kernel.web.problems import conflict
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


def review_note(session: Session, actor: Actor, note: ConsultNote) -> None:
    """Review a returned note; 409 for its writer, or when it was reviewed already."""
    if note.reviewed_at is not None:
        raise conflict("note_reviewed", "This note was reviewed already.")
    if note.returned_by == actor.id:
        raise conflict("second_person", "Whoever wrote a note does not review it.")
    note.reviewed_at, note.reviewed_by = now(session), actor.id
    record(session, actor, "review_note", "referral", note.referral_id, details={"note": str(note.id)})


def acknowledge_note(session: Session, actor: Actor, note: ConsultNote) -> None:
    """Note that the referrer has it; 409 before the review, or when it was acknowledged already."""
    if note.reviewed_at is None:
        raise conflict("note_not_reviewed", "Review the note first.")
    if note.acknowledged_at is not None:
        raise conflict("note_acknowledged", "This note was acknowledged already.")
    note.acknowledged_at, note.acknowledged_by = now(session), actor.id
    record(session, actor, "acknowledge_note", "referral", note.referral_id, details={"note": str(note.id)})

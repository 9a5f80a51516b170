"""Review a note before it goes back."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.web.problems import conflict
from services.referral.model.inbound import ConsultNote


def review_note(session: Session, actor: Actor, note: ConsultNote) -> None:
    """Review a returned note; 409 for its writer, or when it was reviewed already."""
    if note.reviewed_at is not None:
        raise conflict("note_reviewed", "This note was reviewed already.")
    if note.returned_by == actor.id:
        raise conflict("second_person", "Whoever wrote a note does not review it.")
    note.reviewed_at, note.reviewed_by = now(session), actor.id
    record(session, actor, "review_note", "referral", note.referral_id, details={"note": str(note.id)})

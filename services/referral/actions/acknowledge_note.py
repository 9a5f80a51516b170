"""Note that the referrer has the note."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.web.problems import conflict
from services.referral.model.inbound import ConsultNote


def acknowledge_note(session: Session, actor: Actor, note: ConsultNote) -> None:
    """Note that the referrer has it; 409 before the review, or when it was acknowledged already."""
    if note.reviewed_at is None:
        raise conflict("note_not_reviewed", "Review the note first.")
    if note.acknowledged_at is not None:
        raise conflict("note_acknowledged", "This note was acknowledged already.")
    note.acknowledged_at, note.acknowledged_by = now(session), actor.id
    record(session, actor, "acknowledge_note", "referral", note.referral_id, details={"note": str(note.id)})

"""Letters, amendments and consult notes of a referral."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from services.referral.model.inbound import ConsultNote, InboundReferral
from services.referral.model.watch import Amendment


def letters_of(session: Session, referral_id: UUID) -> list[InboundReferral]:
    """What referrers sent about a referral, oldest first; the letters themselves are not loaded."""
    own = select(InboundReferral).where(InboundReferral.referral_id == referral_id)
    return list(
        session.scalars(own.options(defer(InboundReferral.letter_sealed)).order_by(InboundReferral.id))
    )


def find_letter(session: Session, referral_id: UUID, inbound_id: UUID) -> InboundReferral | None:
    """Return one letter of the referral, or None."""
    return session.scalars(
        select(InboundReferral).where(
            InboundReferral.id == inbound_id, InboundReferral.referral_id == referral_id
        )
    ).first()


def notes_of(session: Session, referral_id: UUID) -> list[ConsultNote]:
    """The referral's consult notes, oldest first."""
    own = select(ConsultNote).where(ConsultNote.referral_id == referral_id)
    return list(session.scalars(own.order_by(ConsultNote.id)))


def find_note(session: Session, referral_id: UUID, note_id: UUID) -> ConsultNote | None:
    """Return one note of the referral, locked, or None."""
    own = select(ConsultNote).where(ConsultNote.id == note_id, ConsultNote.referral_id == referral_id)
    return session.scalars(own.with_for_update()).first()


def amendments_of(session: Session, referral_id: UUID) -> list[Amendment]:
    """The referral's amendments, oldest first."""
    own = select(Amendment).where(Amendment.referral_id == referral_id)
    return list(session.scalars(own.order_by(Amendment.id)))

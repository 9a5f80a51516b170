"""Reads of submissions and what became of them."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.intake.model import PageSave, ReferralView, SafetyNotice, Submission, VisitView


def referral_of(session: Session, submission_id: UUID) -> ReferralView | None:
    """The referral made from a submission, as last heard."""
    found = select(ReferralView).where(ReferralView.submission_id == submission_id)
    return session.scalars(found.order_by(ReferralView.version.desc()).limit(1)).first()


def visits_of(session: Session, patient_id: UUID, referral_id: UUID | None) -> list[VisitView]:
    """The visits of one referral (all of the patient, without one), soonest first."""
    found = select(VisitView)
    if referral_id is not None:
        # The referral service may know a patient from outside by another id: the referral is what tells.
        found = found.where(VisitView.referral_id == referral_id)
    else:
        found = found.where(VisitView.patient_id == patient_id)
    return list(session.scalars(found.order_by(VisitView.starts_at).limit(50)))


def open_draft(session: Session, patient_id: UUID, form: str) -> Submission | None:
    """The one draft a patient may have of a form, locked for this transaction."""
    found = select(Submission).where(
        Submission.patient_id == patient_id, Submission.form == form, Submission.state == "draft"
    )
    return session.scalars(found.with_for_update()).first()


def notices_of(session: Session, submission_id: UUID) -> list[SafetyNotice]:
    """Safety texts shown, oldest first."""
    found = select(SafetyNotice).where(SafetyNotice.submission_id == submission_id)
    return list(session.scalars(found.order_by(SafetyNotice.id)))


def page_saves_of(session: Session, submission_id: UUID) -> list[PageSave]:
    """Every save of every page, oldest first: what was answered before it was changed stays readable."""
    found = select(PageSave).where(PageSave.submission_id == submission_id)
    return list(session.scalars(found.order_by(PageSave.saved_at, PageSave.id).limit(1000)))

"""Reads of submissions and what became of them."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.intake.model import PageSave, ReferralView, SafetyNotice, Submission, VisitView
from services.intake.queries.records_of import records_of


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
        found = found.where(records_of(VisitView.patient_id, patient_id))
    return list(session.scalars(found.order_by(VisitView.starts_at).limit(50)))


def open_draft(session: Session, patient_id: UUID, form: str) -> Submission | None:
    """The one draft a patient may have of a form, locked; of two, when records were merged, the one saved last."""
    found = select(Submission).where(
        records_of(Submission.patient_id, patient_id), Submission.form == form, Submission.state == "draft"
    )
    newest = found.order_by(Submission.saved_at.desc()).limit(1)
    return session.scalars(newest.with_for_update(of=Submission)).first()


def notices_of(session: Session, submission_id: UUID) -> list[SafetyNotice]:
    """Safety texts shown, oldest first."""
    found = select(SafetyNotice).where(SafetyNotice.submission_id == submission_id)
    return list(session.scalars(found.order_by(SafetyNotice.id)))


def page_saves_of(session: Session, submission_id: UUID) -> list[PageSave]:
    """Every save of every page, oldest first: what was answered before it was changed stays readable."""
    found = select(PageSave).where(PageSave.submission_id == submission_id)
    return list(session.scalars(found.order_by(PageSave.saved_at, PageSave.id).limit(1000)))

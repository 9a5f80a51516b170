"""Once staff have accepted a referral, the patient is sent a link to follow it and to get ready."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.status_link_issued import StatusLinkIssued
from kernel.outbox import emit
from services.intake.actions.issue_link import issue_link
from services.intake.model import Patient, PatientLink, ReferralView, Submission
from services.intake.queries.patient_snapshot import patient_snapshot
from services.intake.queries.patients import patient_of
from services.intake.rules.link_tokens import link_path

DAYS = 180
MODE = "message"
READY = ("accepted", "to_book", "booked")


def send_status_link(session: Session, referral_id: UUID) -> None:
    """Issue the link and tell notify, once a referral; nothing before it is accepted, or when nobody may be written to.

    Events come in any order and twice: the referral's row is the lock.
    """
    view = session.scalars(
        select(ReferralView).where(ReferralView.referral_id == referral_id).with_for_update()
    ).first()
    if view is None or view.state not in READY:
        return
    sent = exists().where(PatientLink.referral_id == referral_id, PatientLink.issued_mode == MODE)
    patient = patient_of(session, view.patient_id)
    if patient is None or not _may_write(patient) or session.execute(select(sent)).scalar():
        return
    known = view.submission_id is not None and session.get(Submission, view.submission_id) is not None
    token, link = issue_link(
        session,
        Actor("system", "intake"),
        "status",
        patient_id=patient.id,
        submission_id=view.submission_id if known else None,
        referral_id=referral_id,
        days=DAYS,
        mode=MODE,
        replaces_earlier=False,
    )
    moment = now(session)
    emit(
        session,
        "status_link_issued",
        link.id,
        StatusLinkIssued(
            link_id=link.id,
            patient_id=view.patient_id,
            patient=patient_snapshot(patient, patient.language),
            referral_id=referral_id,
            link_path=link_path("status", token, patient.language),
            issued_at=moment,
            expires_at=moment + timedelta(days=DAYS),
        ),
    )


def _may_write(patient: Patient) -> bool:
    by_text = bool(patient.phone) and patient.consent_sms and "sms" not in patient.opted_out
    by_mail = bool(patient.email) and patient.consent_email and "email" not in patient.opted_out
    return by_text or by_mail

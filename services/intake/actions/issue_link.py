"""A personal link: made for one purpose and one patient. Only the token's hash is stored."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from services.intake.model import PatientLink
from services.intake.rules.link_tokens import hashed, new_token


def issue_link(
    session: Session,
    actor: Actor,
    purpose: str,
    *,
    patient_id: UUID,
    submission_id: UUID | None,
    referral_id: UUID | None = None,
    days: int,
    mode: str = "self",
    may_read: bool = False,
    replaces_earlier: bool = True,
) -> tuple[str, PatientLink]:
    """Return a new token (43 characters, shown once) and its link. Earlier links of the same purpose are revoked
    unless `replaces_earlier` is False.
    """
    moment = now(session)
    if replaces_earlier:
        session.execute(
            update(PatientLink)
            .where(
                PatientLink.patient_id == patient_id,
                PatientLink.purpose == purpose,
                PatientLink.submission_id.is_not_distinct_from(submission_id),
                PatientLink.referral_id.is_not_distinct_from(referral_id),
                PatientLink.revoked_at.is_(None),
            )
            .values(revoked_at=moment)
        )
    # The submission may be as new as its link: it must be there first.
    session.flush()
    token = new_token()
    link = PatientLink(
        id=new_id(),
        token_hash=hashed(token),
        purpose=purpose,
        patient_id=patient_id,
        submission_id=submission_id,
        referral_id=referral_id,
        created_at=moment,
        expires_at=moment + timedelta(days=days),
        wrong_dates=0,
        issued_mode=mode,
        may_read=may_read,
    )
    session.add(link)
    record(session, actor, "issue_link", "patient_link", link.id, reason=purpose)
    return token, link

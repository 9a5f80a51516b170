"""Personal links: made, opened, checked against the birth date, revoked. Only the token's hash is stored."""

import hashlib
import hmac
import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from kernel.personal import birth_date_index
from services.intake.model import Patient, PatientLink

TOKEN_BYTES = 32
MOST_WRONG_DATES = 5

COUNT_WRONG = """
UPDATE patient_link SET wrong_dates = wrong_dates + 1,
    locked_at = CASE WHEN wrong_dates + 1 >= :most THEN :now ELSE locked_at END
WHERE id = :id AND locked_at IS NULL RETURNING wrong_dates
"""


def issue_link(
    session: Session, actor: Actor, purpose: str, *, patient_id: UUID, submission_id: UUID | None, days: int
) -> tuple[str, PatientLink]:
    """Return a new token (43 characters, shown once) and its link. Earlier links of the same purpose are revoked."""
    moment = now(session)
    session.execute(
        update(PatientLink)
        .where(
            PatientLink.patient_id == patient_id,
            PatientLink.purpose == purpose,
            PatientLink.submission_id == submission_id,
            PatientLink.revoked_at.is_(None),
        )
        .values(revoked_at=moment)
    )
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = PatientLink(
        id=new_id(),
        token_hash=_hashed(token),
        purpose=purpose,
        patient_id=patient_id,
        submission_id=submission_id,
        created_at=moment,
        expires_at=moment + timedelta(days=days),
        wrong_dates=0,
    )
    session.add(link)
    record(session, actor, "issue_link", "patient_link", link.id, reason=purpose)
    return token, link


def find_link(session: Session, token: str, purpose: str) -> PatientLink | None:
    """Return the working link of `token` for `purpose`; None for every other token, however it fails."""
    if len(token) != 43 or not token.isascii():
        return None
    found = select(PatientLink).where(
        PatientLink.token_hash == _hashed(token), PatientLink.purpose == purpose
    )
    link = session.scalars(found).first()
    if link is None or link.revoked_at is not None or link.locked_at is not None or link.used_at is not None:
        return None
    return link if link.expires_at > now(session) else None


def birth_date_fits(session: Session, link: PatientLink, iso_date: str | None) -> bool:
    """Check the birth date that protects a misdelivered link. Wrong ones are counted at once; the fifth locks it.

    The count is one statement, so many tries at the same time are counted too.
    """
    patient = session.get_one(Patient, link.patient_id)
    given = birth_date_index(iso_date) if iso_date else b""
    if hmac.compare_digest(given, patient.birth_index):
        return True
    values = {"id": link.id, "most": MOST_WRONG_DATES, "now": now(session)}
    counted = session.execute(text(COUNT_WRONG), values).first()
    if counted is not None and counted.wrong_dates >= MOST_WRONG_DATES:
        record(
            session,
            Actor("system", "intake"),
            "lock_link",
            "patient_link",
            link.id,
            reason="wrong_birth_dates",
        )
    return False


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()

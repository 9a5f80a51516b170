"""Which link a token, or a browser that brought one, opens."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from services.intake.model import PatientLink
from services.intake.rules.link_tokens import hashed, may_be_token


def find_link(session: Session, token: str, purpose: str) -> PatientLink | None:
    """Return the working link of `token` for `purpose`; None for every other token, however it fails."""
    if not may_be_token(token, purpose):
        return None
    found = select(PatientLink).where(PatientLink.token_hash == hashed(token), PatientLink.purpose == purpose)
    return _if_working(session, session.scalars(found).first())


def link_by_id(session: Session, link_id: UUID, purpose: str, *, lock: bool = False) -> PatientLink | None:
    """Return the working link a browser brought the token of before.

    With `lock` others wait for this transaction, so that tries at the same time are counted one by one.
    """
    found = select(PatientLink).where(PatientLink.id == link_id, PatientLink.purpose == purpose)
    return _if_working(session, session.scalars(found.with_for_update() if lock else found).first())


def used_link(session: Session, link_id: UUID) -> PatientLink | None:
    """The answering link that was used up by sending, or by a stop."""
    found = select(PatientLink).where(PatientLink.id == link_id, PatientLink.purpose == "answer")
    link = session.scalars(found).first()
    return link if link is not None and link.used_at is not None and link.revoked_at is None else None


def _if_working(session: Session, link: PatientLink | None) -> PatientLink | None:
    if link is None or link.revoked_at is not None or link.locked_at is not None or link.used_at is not None:
        return None
    return link if link.expires_at > now(session) else None

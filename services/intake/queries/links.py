"""Which link a token opens."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from services.intake.model import PatientLink
from services.intake.rules.link_tokens import hashed, may_be_token


def find_link(session: Session, token: str, purpose: str, *, lock: bool = False) -> PatientLink | None:
    """Return the working link of `token` for `purpose`; None for every other token, however it fails.

    With `lock` others wait for this transaction, so that tries at the same time are counted one by one.
    """
    if not may_be_token(token, purpose):
        return None
    found = select(PatientLink).where(PatientLink.token_hash == hashed(token), PatientLink.purpose == purpose)
    link = session.scalars(found.with_for_update() if lock else found).first()
    if link is None or link.revoked_at is not None or link.locked_at is not None or link.used_at is not None:
        return None
    return link if link.expires_at > now(session) else None


def find_used_link(session: Session, token: str) -> PatientLink | None:
    """The answering link of `token` that was used up by sending, or by a stop."""
    if not may_be_token(token, "answer"):
        return None
    found = select(PatientLink).where(
        PatientLink.token_hash == hashed(token), PatientLink.purpose == "answer"
    )
    link = session.scalars(found).first()
    return link if link is not None and link.used_at is not None and link.revoked_at is None else None

"""Which link a token, or a browser that brought one, opens."""

from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from kernel.clock import now, started_at
from services.intake.model import PatientLink
from services.intake.rules.link_tokens import hashed, may_be_token

# Made once: every page of every patient asks one of these, and with PostgreSQL's clock in it nothing asks for that.
_ROW = select(PatientLink, func.now().label("now")).where(PatientLink.purpose == bindparam("purpose"))
_BY_TOKEN = _ROW.where(PatientLink.token_hash == bindparam("token_hash"))
_BY_ID = _ROW.where(PatientLink.id == bindparam("id"))
_BY_ID_LOCKED = _BY_ID.with_for_update()


def find_link(session: Session, token: str, purpose: str) -> PatientLink | None:
    """Return the working link of `token` for `purpose`; None for every other token, however it fails."""
    if not may_be_token(token, purpose):
        return None
    found = session.execute(_BY_TOKEN, {"token_hash": hashed(token), "purpose": purpose}).first()
    return None if found is None or not is_working(session, found[0]) else found[0]


def link_by_id(session: Session, link_id: UUID, purpose: str, *, lock: bool = False) -> PatientLink | None:
    """Return the working link a browser brought the token of before.

    With `lock` others wait for this transaction, so that tries at the same time are counted one by one.
    """
    link = any_link(session, link_id, purpose, lock=lock)
    return link if link is not None and is_working(session, link) else None


def any_link(session: Session, link_id: UUID, purpose: str, *, lock: bool = False) -> PatientLink | None:
    """Return the link whether it still works or not."""
    statement = _BY_ID_LOCKED if lock else _BY_ID
    found = session.execute(statement, {"id": link_id, "purpose": purpose}).first()
    if found is None:
        return None
    started_at(session, found.now)
    link: PatientLink = found[0]
    return link


def is_used_up(link: PatientLink) -> bool:
    """Return whether an answering link was used up by sending, or by a stop."""
    return link.used_at is not None and link.revoked_at is None


def is_working(session: Session, link: PatientLink) -> bool:
    """Return whether the link opens anything now."""
    if link.revoked_at is not None or link.locked_at is not None or link.used_at is not None:
        return False
    return link.expires_at > now(session)

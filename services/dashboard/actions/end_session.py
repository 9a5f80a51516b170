"""End sessions: the cookie is worth nothing from the next request on."""

from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from services.dashboard.actions.start_session import token_hash
from services.dashboard.model import StaffSession


def end_session(session: Session, actor: Actor, token: str, reason: str) -> None:
    """End the session of one browser, if it has not ended."""
    ended = session.execute(
        update(StaffSession)
        .where(StaffSession.token_hash == token_hash(token), StaffSession.ended_at.is_(None))
        .values(ended_at=func.now(), end_reason=reason)
        .returning(StaffSession.id)
    ).first()
    if ended is not None:
        record(session, actor, "sign_out", "staff_session", ended.id, reason=reason)


def end_all_sessions(session: Session, staff_id: UUID, reason: str) -> None:
    """End every session of one account."""
    session.execute(
        update(StaffSession)
        .where(StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None))
        .values(ended_at=func.now(), end_reason=reason)
    )

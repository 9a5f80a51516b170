"""Start a signed-in session: a random token for the cookie, its hash in the database."""

import hashlib
import secrets

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.ids import new_id
from services.dashboard.model import Staff, StaffSession


def token_hash(token: str) -> bytes:
    """What is stored of a session's token."""
    return hashlib.sha256(token.encode()).digest()


def start_session(session: Session, staff: Staff) -> str:
    """Return the token of a new session; the sign-in is audited."""
    token = secrets.token_urlsafe(32)
    row = StaffSession(id=new_id(), token_hash=token_hash(token), staff_id=staff.id)
    session.add(row)
    staff.last_login_at = now(session)
    staff.failures_in_a_row = 0
    session.flush()
    record(session, staff.actor(), "sign_in", "staff_session", row.id)
    return token

"""Check an API client's secret and what it asks for (OAuth 2.0 client credentials)."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from services.dashboard.model import ApiClient

_hasher = PasswordHasher()
_NO_SUCH_CLIENT = _hasher.hash("as slow as a client that exists")


class AccessRefused(Exception):
    """`error` is a code of RFC 6749 §5.2: invalid_client or invalid_scope."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


def grant_access(session: Session, client_id: str, secret: str, asked: str) -> frozenset[str]:
    """Return the scopes granted: those asked for, or all the client has. Raises `AccessRefused`."""
    client = session.scalars(select(ApiClient).where(ApiClient.client_id == client_id)).first()
    if not _matches(client.secret_hash if client else _NO_SUCH_CLIENT, secret) or client is None:
        raise AccessRefused("invalid_client")
    if not client.active:
        raise AccessRefused("invalid_client")
    wanted = frozenset(asked.split()) or frozenset(client.scopes)
    if not wanted <= set(client.scopes):
        raise AccessRefused("invalid_scope")
    client.last_used_at = func.now()
    record(
        session,
        Actor("client", client.client_id),
        "grant_access",
        "api_client",
        client.id,
        details={"scopes": sorted(wanted)},
    )
    return wanted


def _matches(stored: str, secret: str) -> bool:
    try:
        return _hasher.verify(stored, secret)
    except (VerificationError, InvalidHashError):
        return False

"""Register a program that may ask for access tokens."""

import re
from collections.abc import Sequence

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from kernel.ids import new_id
from services.dashboard.model import ApiClient

SCOPES = (
    "intake:read",
    "intake:write",
    "referral:evaluate",
    "referral:read",
    "referral:write",
    "notify:read",
    "dashboard:read",
)
_CLIENT_ID = re.compile(r"[a-z0-9][a-z0-9-]{2,63}")
_hasher = PasswordHasher()


def create_api_client(
    session: Session, actor: Actor, *, client_id: str, name: str, secret: str, scopes: Sequence[str]
) -> ApiClient:
    """Add a client, or set the secret and scopes of one that exists; raises ValueError with a sentence."""
    if not _CLIENT_ID.fullmatch(client_id) or len(secret) < 24:
        raise ValueError("a client id is 3 to 64 of a-z 0-9 -, and a secret at least 24 characters")
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        raise ValueError(f"no such scope: {', '.join(unknown)}")
    client = session.scalars(select(ApiClient).where(ApiClient.client_id == client_id)).first()
    if client is None:
        client = ApiClient(id=new_id(), client_id=client_id, name=name)
        session.add(client)
    client.secret_hash = _hasher.hash(secret)
    client.scopes, client.active = sorted(set(scopes)), True
    session.flush()
    record(session, actor, "create_api_client", "api_client", client.id, details={"scopes": client.scopes})
    return client

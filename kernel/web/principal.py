"""Who is calling an API: a staff member through the dashboard, another service, or an API client."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar, cast

from flask import current_app, g, request

from kernel.context import Actor
from kernel.database import Database
from kernel.rows import cursor
from kernel.tokens import Claims, TokenRefused, Tokens
from kernel.web.problems import Problem, from_status

F = TypeVar("F", bound=Callable[..., Any])
# An unlogged table: waiting for the disk would keep nothing.
REMEMBER = """
WITH quick AS (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO seen_token (jti, expires_at) SELECT $1, $2 FROM quick ON CONFLICT DO NOTHING RETURNING jti
"""
_BEARER = {"WWW-Authenticate": 'Bearer realm="waymark"'}


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, verified. `actor` is who the deed is done by; `client` tells idempotency keys apart."""

    claims: Claims
    actor: Actor
    client: str


class Gate:
    """Authenticates API requests; made once in a composition root and kept in `app.extensions["gate"]`."""

    def __init__(self, tokens: Tokens, database: Database) -> None:
        self._tokens = tokens
        self._database = database

    def authenticate(self) -> Principal:
        """Return the caller of the current request; raises the 401 problem."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise from_status(401, _BEARER)
        try:
            claims = self._tokens.verify(token.strip())
        except TokenRefused:
            raise from_status(401, _BEARER) from None
        if claims.kind == "access":
            actor = Actor("client", claims.client_id or claims.issuer, role="api_client")
            return Principal(claims, actor, f"client:{actor.id}")
        if not claims.signs(request.get_data(cache=True)) or not self._first_use(claims):
            raise from_status(401, _BEARER)
        actor = claims.actor or Actor("service", claims.issuer)
        return Principal(claims, actor, f"{actor.kind}:{actor.id}")

    def _first_use(self, claims: Claims) -> bool:
        """Remember the token's id until after it expires; False when it was seen before."""
        expires = datetime.fromtimestamp(claims.expires_at + 60, UTC)
        with self._database.transaction() as session:
            remembered = cursor(session).execute(REMEMBER, [claims.token_id, expires]).fetchone()
        return remembered is not None


def allow(
    *,
    roles: frozenset[str] | set[str] = frozenset(),
    scopes: frozenset[str] | set[str] = frozenset(),
    services: bool = False,
) -> Callable[[F], F]:
    """Guard a view: staff holding one of `roles`, an API client holding one of `scopes`, or a service itself.

    Every API view carries exactly one; a test walks all routes and fails on one without. 401 when nobody is
    recognised, 403 when the caller is known but not allowed.
    """

    def guard(view: F) -> F:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            principal = _gate().authenticate()
            if not _allowed(principal, frozenset(roles), frozenset(scopes), services):
                raise from_status(403)
            g.principal = principal
            return view(*args, **kwargs)

        guarded.allowed = {"roles": frozenset(roles), "scopes": frozenset(scopes), "services": services}  # type: ignore[attr-defined]
        return cast(F, guarded)

    return guard


def _allowed(principal: Principal, roles: frozenset[str], scopes: frozenset[str], services: bool) -> bool:
    if principal.claims.kind == "access":
        return bool(scopes & principal.claims.scopes)
    if principal.actor.kind == "staff":
        return principal.actor.role in roles
    return services


def _gate() -> Gate:
    return cast(Gate, current_app.extensions["gate"])


def principal() -> Principal:
    """The caller of the current request; only inside a view guarded by `allow`."""
    if "principal" not in g:
        raise Problem(500, "internal", "The view is not guarded.")
    return cast(Principal, g.principal)

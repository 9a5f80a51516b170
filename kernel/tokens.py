"""Tokens between services: Ed25519, at most 60 s, one audience, one use; the same token signs an event's body."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from kernel.context import Actor
from kernel.timings import SERVICE_TOKEN_SECONDS

ALGORITHM = "Ed25519"
LEEWAY_SECONDS = 5
ACCESS_TOKEN_SECONDS = 600
MOST_REMEMBERED = 1_000


class TokenRefused(Exception):
    """The token does not prove what it must. The message is for logs; a caller only learns that it was refused."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. `kind` is "service" (one use) or "access" (an API client, many uses)."""

    kind: str
    issuer: str
    token_id: str
    expires_at: int
    actor: Actor | None
    client_id: str
    scopes: frozenset[str]
    body_sha256: str

    def signs(self, body: bytes) -> bool:
        """True when the token was issued for exactly this request body."""
        return hmac.compare_digest(self.body_sha256, hashlib.sha256(body).hexdigest())


class Tokens:
    """Issues tokens with this service's private key and verifies those of the services it knows."""

    def __init__(self, service: str, private_key_pem: str, public_keys_json: str) -> None:
        self.service = service
        self._private = OKPKey.import_key(private_key_pem, {"kid": service})
        self._verified: dict[str, Claims] = {}
        self._public: dict[str, OKPKey] = {}
        for key in KeySet.import_key_set(json.loads(public_keys_json)).keys:
            if isinstance(key, OKPKey) and key.kid:
                self._public[key.kid] = key

    def issue(self, audience: str, body: bytes = b"", actor: Actor | None = None) -> str:
        """Return a token for one call to `audience`, made on behalf of `actor` if given."""
        moment = int(time.time())
        claims: dict[str, Any] = {
            "typ": "service",
            "iss": self.service,
            "aud": audience,
            "iat": moment,
            "exp": moment + SERVICE_TOKEN_SECONDS,
            "jti": secrets.token_urlsafe(16),
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        if actor is not None:
            claims["act"] = {
                "kind": actor.kind,
                "id": actor.id,
                "role": actor.role,
                "name": actor.name,
                "sites": list(actor.sites),
                **({"provider": actor.provider_id} if actor.provider_id else {}),
            }
        return self._sign(claims)

    def issue_access(self, client_id: str, scopes: frozenset[str], audiences: list[str]) -> str:
        """Return an access token (10 minutes, many uses) for an API client."""
        moment = int(time.time())
        return self._sign(
            {
                "typ": "access",
                "iss": self.service,
                "aud": audiences,
                "iat": moment,
                "exp": moment + ACCESS_TOKEN_SECONDS,
                "jti": secrets.token_urlsafe(16),
                "client_id": client_id,
                "scope": " ".join(sorted(scopes)),
            }
        )

    def _sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(
            {"alg": ALGORITHM, "kid": self.service}, claims, self._private, algorithms=[ALGORITHM]
        )

    def verify(self, token: str) -> Claims:
        """Return the claims of a token meant for this service; raises `TokenRefused` for any other.

        The algorithm is fixed, the key is the one registered for the issuer, and `iss` must match that key.
        """
        if len(token) > 4096:
            raise TokenRefused("too long")
        known = self._verified.get(token)
        if known is not None and known.expires_at > time.time() - LEEWAY_SECONDS:
            return known
        claims = self._verify(token)
        if claims.kind == "access":
            self._remember(token, claims)
        return claims

    def _remember(self, token: str, claims: Claims) -> None:
        """An access token comes with every request of its ten minutes: its signature is checked once a process."""
        if len(self._verified) >= MOST_REMEMBERED:
            self._verified.clear()
        self._verified[token] = claims

    def _verify(self, token: str) -> Claims:
        try:
            header = json.loads(_decode_segment(token.split(".", 1)[0]))
            kid = header.get("kid") if isinstance(header, dict) else None
            key = self._public.get(kid) if isinstance(kid, str) else None
            if key is None:
                raise TokenRefused("unknown key")
            claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError, UnicodeError) as error:
            raise TokenRefused(type(error).__name__) from None
        return self._checked(claims, str(kid))

    def _checked(self, claims: dict[str, Any], kid: str) -> Claims:
        moment = time.time()
        audience, expires, issued = claims.get("aud"), claims.get("exp"), claims.get("iat")
        audiences = audience if isinstance(audience, list) else [audience]
        longest = {"service": SERVICE_TOKEN_SECONDS, "access": ACCESS_TOKEN_SECONDS}.get(
            str(claims.get("typ")), 0
        )
        if claims.get("iss") != kid or self.service not in audiences:
            raise TokenRefused("issuer or audience")
        if type(expires) is not int or type(issued) is not int or not isinstance(claims.get("jti"), str):
            raise TokenRefused("times or id missing")
        if (
            expires <= moment - LEEWAY_SECONDS
            or issued > moment + LEEWAY_SECONDS
            or expires - issued > longest
        ):
            raise TokenRefused("not in its time")
        return Claims(
            kind=str(claims["typ"]),
            issuer=kid,
            token_id=claims["jti"],
            expires_at=expires,
            actor=_actor(claims.get("act")),
            client_id=str(claims.get("client_id", "")),
            scopes=frozenset(str(claims.get("scope", "")).split()),
            body_sha256=str(claims.get("sha256", "")),
        )


def _decode_segment(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _actor(given: Any) -> Actor | None:
    if given is None:
        return None
    try:
        return Actor(
            kind=given["kind"],
            id=str(given["id"]),
            role=str(given.get("role", "")),
            name=str(given.get("name", "")),
            sites=tuple(str(site) for site in given.get("sites", ())),
            provider_id=str(given.get("provider", "")),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise TokenRefused("actor") from None

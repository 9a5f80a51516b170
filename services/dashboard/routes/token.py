"""POST /api/token: OAuth 2.0 client credentials for API clients (RFC 6749 §4.4; errors as in §5.2)."""

import base64
import binascii
from typing import Any
from urllib.parse import unquote_plus

from flask import Blueprint, request

from kernel.database import Database
from kernel.tokens import ACCESS_TOKEN_SECONDS, Tokens
from services.dashboard.actions.grant_access import AccessRefused, grant_access
from services.dashboard.actions.pace_login import count_failure, forget_failures, seconds_blocked

AUDIENCES = ["intake", "referral", "notify", "dashboard"]
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
LONGEST_FIELD = 512


class TokenError(Exception):
    """A refusal of RFC 6749 §5.2."""

    def __init__(
        self, error: str, description: str, status: int = 400, headers: dict[str, str] | None = None
    ):
        super().__init__(error)
        self.body = {"error": error, "error_description": description}
        self.status = status
        self.headers = {**NO_STORE, **(headers or {})}


def token_routes(database: Database, tokens: Tokens) -> Blueprint:
    """Return the blueprint with the token endpoint; it takes no cookie and no form token."""
    routes = Blueprint("token", __name__)

    @routes.route("/api/token", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def token() -> Any:
        try:
            return _answer(database, tokens)
        except TokenError as refusal:
            return refusal.body, refusal.status, refusal.headers

    return routes


def _answer(database: Database, tokens: Tokens) -> Any:
    if request.method != "POST":
        raise TokenError("invalid_request", "Send a POST.", 405, {"Allow": "POST"})
    if request.mimetype != "application/x-www-form-urlencoded":
        raise TokenError("invalid_request", "Send the form as application/x-www-form-urlencoded.")
    if request.args:
        raise TokenError("invalid_request", "Parameters belong in the body.")
    client_id, secret, scheme = _credentials()
    if _one("grant_type") != "client_credentials":
        missing = not request.form.get("grant_type")
        raise TokenError(
            "invalid_request" if missing else "unsupported_grant_type", "grant_type is client_credentials."
        )
    asked, address = _one("scope"), request.remote_addr or "unknown"
    with database.transaction() as session:
        wait = seconds_blocked(session, f"client:{client_id}", address)
    if wait:
        raise TokenError("invalid_client", "Too many tries.", 429, {"Retry-After": str(wait)})
    try:
        with database.transaction() as session:
            scopes = grant_access(session, client_id, secret, asked)
            forget_failures(session, f"client:{client_id}", address)
    except AccessRefused as refusal:
        if refusal.error == "invalid_scope":
            raise TokenError("invalid_scope", "The client may not have that scope.") from None
        with database.transaction() as session:
            count_failure(session, f"client:{client_id}", address)
        challenge = {"WWW-Authenticate": 'Basic realm="waymark"'} if scheme else {}
        raise TokenError(
            "invalid_client", "The client is not known, or its secret is wrong.", 401, challenge
        ) from None
    return (
        {
            "access_token": tokens.issue_access(client_id, scopes, AUDIENCES),
            "token_type": "Bearer",
            "expires_in": ACCESS_TOKEN_SECONDS,
            "scope": " ".join(sorted(scopes)),
        },
        200,
        NO_STORE,
    )


def _one(name: str) -> str:
    values = request.form.getlist(name)
    if len(values) > 1 or any(len(value) > LONGEST_FIELD or "\x00" in value for value in values):
        raise TokenError(
            "invalid_request", f"{name} may be sent once, with at most {LONGEST_FIELD} characters."
        )
    return values[0] if values else ""


def _credentials() -> tuple[str, str, bool]:
    """Return client id, secret, and whether they came in the Authorization header."""
    header = request.headers.get("Authorization", "")
    in_form = _one("client_id"), _one("client_secret")
    if not header:
        if not all(in_form):
            raise TokenError("invalid_client", "Send the client's id and secret.", 401)
        return *in_form, False
    if in_form[1]:
        raise TokenError("invalid_request", "Send the secret in one place only.")
    scheme, _, encoded = header.partition(" ")
    challenge = {"WWW-Authenticate": 'Basic realm="waymark"'}
    try:
        if scheme.lower() != "basic":
            raise ValueError
        name, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except (ValueError, binascii.Error):
        raise TokenError("invalid_client", "The Authorization header was not read.", 401, challenge) from None
    name, secret = unquote_plus(name), unquote_plus(secret)
    if not colon or max(len(name), len(secret)) > LONGEST_FIELD or "\x00" in name + secret:
        raise TokenError("invalid_client", "The Authorization header was not read.", 401, challenge)
    return name, secret, True

import base64
import json
import time
from typing import Any

import pytest
from flask import Flask
from joserfc import jwt
from joserfc.jwk import OKPKey

from kernel.context import Actor
from kernel.tokens import ACCESS_TOKEN_SECONDS, LEEWAY_SECONDS, TokenRefused, Tokens
from kernel.web.principal import Gate
from kernel.web.problems import Problem

Pair = dict[str, Tokens]


def forged(claims: dict[str, Any], kid: str = "alpha", key: OKPKey | None = None) -> str:
    moment = int(time.time())
    whole = {
        "typ": "service",
        "iss": "alpha",
        "aud": "beta",
        "iat": moment,
        "exp": moment + 60,
        "jti": "x",
    } | claims
    signer = key or OKPKey.generate_key("Ed25519")
    return jwt.encode({"alg": "Ed25519", "kid": kid}, whole, signer, algorithms=["Ed25519"])


def test_a_token_carries_its_actor_and_its_body(two_services: Pair) -> None:
    nurse = Actor("staff", "7", role="nurse", name="Ada", sites=("paola",))
    claims = two_services["beta"].verify(two_services["alpha"].issue("beta", b"body", nurse))
    assert claims.issuer == "alpha" and claims.actor == nurse
    assert claims.signs(b"body") and not claims.signs(b"bodY")


def test_a_token_for_another_service_is_refused(two_services: Pair) -> None:
    """BAD-85."""
    with pytest.raises(TokenRefused):
        two_services["beta"].verify(two_services["alpha"].issue("gamma"))


@pytest.mark.parametrize(
    "claims", [{}, {"iss": "beta"}, {"exp": 1}, {"aud": ["beta"]}], ids=["wrong key", "iss", "exp", "list"]
)
def test_a_token_signed_with_another_key_is_refused(two_services: Pair, claims: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        two_services["beta"].verify(forged(claims))


@pytest.mark.parametrize(
    ("change", "issued", "expires"),
    [
        ({}, -660, -600),
        ({}, 0, 600),
        ({}, 600, 650),
        ({"typ": "other"}, 0, 60),
        ({"jti": None}, 0, 60),
        ({"exp": "soon"}, 0, 60),
        ({"iss": "beta"}, 0, 60),
        ({"act": {"kind": "staff"}}, 0, 60),
    ],
)
def test_a_rightly_signed_token_with_wrong_claims_is_refused(
    two_services: Pair, change: dict[str, Any], issued: int, expires: int
) -> None:
    """BAD-85: expired ten minutes ago, too long, from the future, without an id."""
    moment = int(time.time())
    claims = {"iat": moment + issued, "exp": moment + expires} | change
    with pytest.raises(TokenRefused):
        two_services["beta"].verify(forged(claims, key=two_services["alpha"]._private))


def test_an_unsigned_or_unreadable_token_is_refused(two_services: Pair) -> None:
    """BAD-85: alg none, a key nobody knows."""
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "alpha"}).encode()).decode().rstrip("=")
    body = base64.urlsafe_b64encode(b'{"iss":"alpha","aud":"beta"}').decode().rstrip("=")
    for token in (f"{none}.{body}.", "", "a.b.c", "é.é.é", "x" * 5000, forged({}, kid="stranger")):
        with pytest.raises(TokenRefused):
            two_services["beta"].verify(token)


def authenticate(gate: Gate, token: str, body: bytes = b"") -> str:
    app = Flask("t")
    with app.test_request_context(
        "/", method="POST", data=body, headers={"Authorization": f"Bearer {token}"}
    ):
        return gate.authenticate().client


def test_a_service_token_works_once_and_only_with_its_body(two_services: Pair, beta_gate: Gate) -> None:
    """BAD-85: replayed, it is refused."""
    token = two_services["alpha"].issue("beta", b"{}")
    with pytest.raises(Problem, match="401"):
        authenticate(beta_gate, token, b"{ }")
    assert authenticate(beta_gate, token, b"{}") == "service:alpha"
    with pytest.raises(Problem, match="401"):
        authenticate(beta_gate, token, b"{}")


def test_an_access_token_works_many_times_in_its_audience(two_services: Pair, beta_gate: Gate) -> None:
    token = two_services["alpha"].issue_access("lab", frozenset({"intake:write"}), ["beta"])
    assert authenticate(beta_gate, token) == authenticate(beta_gate, token, b"other") == "client:lab"
    elsewhere = two_services["alpha"].issue_access("lab", frozenset({"intake:write"}), ["gamma"])
    with pytest.raises(Problem, match="401"):
        authenticate(beta_gate, elsewhere)


def test_an_access_token_that_was_verified_before_is_refused_when_its_time_is_over(
    two_services: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BAD-85: its signature is remembered, its end is looked at each time."""
    token = two_services["alpha"].issue_access("lab", frozenset({"intake:write"}), ["beta"])
    assert two_services["beta"].verify(token) is two_services["beta"].verify(token)
    later = time.time() + ACCESS_TOKEN_SECONDS + LEEWAY_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(TokenRefused):
        two_services["beta"].verify(token)


@pytest.mark.parametrize("header", [{}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer "}])
def test_a_request_without_a_token_is_refused(beta_gate: Gate, header: dict[str, str]) -> None:
    with Flask("t").test_request_context("/", headers=header), pytest.raises(Problem, match="401"):
        beta_gate.authenticate()

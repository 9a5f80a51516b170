"""The token endpoint: client credentials in, ten minutes of access out, RFC 6749's errors otherwise."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from kernel.tokens import Tokens
from tests.dashboard.conftest import Dashboard

SECRET = "s3cret of the test client!"
GOOD = {"grant_type": "client_credentials", "client_id": "test-client", "client_secret": SECRET}


def ask(dashboard: Dashboard, form: dict[str, Any], **more: Any) -> TestResponse:
    return dashboard.browser().client.post("/api/token", data=form, **more)


def test_a_client_gets_a_token_its_audiences_accept(
    dashboard: Dashboard, add_client: Callable[..., None], signing: tuple[dict[str, str], str]
) -> None:
    add_client()
    answer = ask(dashboard, GOOD)
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 600
    assert answer.headers["Cache-Control"] == "no-store"
    for service in ("intake", "referral", "notify", "dashboard"):
        claims = Tokens(service, signing[0][service], signing[1]).verify(answer.json["access_token"])
        assert claims.client_id == "test-client"
        assert claims.scopes == {"intake:write", "referral:evaluate"}


def test_the_authorization_header_works_too_and_scopes_narrow(
    dashboard: Dashboard, add_client: Callable[..., None]
) -> None:
    add_client()
    basic = base64.b64encode(f"test-client:{SECRET.replace(' ', '+')}".encode()).decode()
    answer = ask(
        dashboard,
        {"grant_type": "client_credentials", "scope": "intake:write"},
        headers={"Authorization": f"Basic {basic}"},
    )
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["scope"] == "intake:write"


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": ""}, 401, "invalid_client"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "notify:read"}, 400, "invalid_scope"),
        ({"scope": "no:such"}, 400, "invalid_scope"),
        ({"scope": ["intake:write", "intake:write"]}, 400, "invalid_request"),
        ({"client_id": "x" * 600}, 400, "invalid_request"),
        ({"client_id": "a\x00b"}, 400, "invalid_request"),
    ],
)
def test_refusals_are_those_of_the_standard(
    dashboard: Dashboard, add_client: Callable[..., None], change: dict[str, Any], status: int, error: str
) -> None:
    add_client()
    answer = ask(dashboard, GOOD | change)
    assert (answer.status_code, (answer.json or {}).get("error")) == (status, error)
    assert SECRET not in answer.text


def test_json_bodies_other_methods_and_parameters_in_the_address_are_refused(dashboard: Dashboard) -> None:
    client = dashboard.browser().client
    assert client.post("/api/token", json=GOOD).json == {
        "error": "invalid_request",
        "error_description": "Send the form as application/x-www-form-urlencoded.",
    }
    assert client.get("/api/token").status_code == 405
    assert client.post("/api/token?client_id=x", data=GOOD).status_code == 400
    bad = client.post("/api/token", data=GOOD, headers={"Authorization": "Basic %%%"})
    assert bad.status_code == 400


def test_guessing_a_secret_is_slowed(dashboard: Dashboard, add_client: Callable[..., None]) -> None:
    add_client()
    statuses = [ask(dashboard, GOOD | {"client_secret": "guess"}).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    assert ask(dashboard, GOOD).status_code == 429

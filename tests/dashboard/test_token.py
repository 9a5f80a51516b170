"""The token endpoint: client credentials in, ten minutes of access out, RFC 6749's errors otherwise."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from werkzeug.test import Client, TestResponse

from kernel.tokens import Tokens
from services.dashboard.app import create_app
from tests.conftest import DatabaseFactory
from tests.dashboard.conftest import Dashboard, environment
from tests.dashboard.fake_owners import Owners
from tests.local.standins import until

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


@pytest.fixture
def named_environment(
    owners: Owners, signing: tuple[dict[str, str], str], repository: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], None]:
    """Give this process the environment of a dashboard on the database at an address, with the demo client."""

    def give(url: str) -> None:
        client = {"client_id": GOOD["client_id"], "client_secret": SECRET}
        values = environment(url, owners, signing, repository / "node_modules")
        for name, value in {**values, "DEMO_CLIENT": json.dumps(client)}.items():
            monkeypatch.setenv(name, value)

    return give


def test_no_connection_is_open_when_web_processes_are_forked(
    database: DatabaseFactory,
    named_environment: Callable[[str], None],
    admin_connection: psycopg.Connection[tuple[object, ...]],
) -> None:
    """gunicorn loads the application once and forks it; two processes on one connection answered 500."""
    copy = database("dashboard")
    named_environment(copy.app_url)
    app = create_app()
    held = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
    # The server takes its time to notice that a connection was closed.
    until(lambda: admin_connection.execute(held, (copy.name,)).fetchone() == (0,), seconds=30)
    answer = Client(app, TestResponse).post("/api/token", data=GOOD)
    assert answer.status_code == 200

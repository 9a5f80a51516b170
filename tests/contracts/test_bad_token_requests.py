"""Bad requests to /api/token: the errors of RFC 6749, without an echo."""

import json
import secrets

import httpx
import pytest

from tests.contracts.endpoints import CANARY
from tests.stack import RunningStack

pytestmark = pytest.mark.xdist_group("stack")

GOOD_GRANT = {"grant_type": "client_credentials"}


@pytest.mark.parametrize(
    ("form", "secret", "error"),
    [
        ({}, "right", "invalid_request"),
        ({"grant_type": CANARY}, "right", "unsupported_grant_type"),
        (GOOD_GRANT | {"scope": CANARY}, "right", "invalid_scope"),
        (GOOD_GRANT | {"client_secret": CANARY}, "right", "invalid_request"),
        (GOOD_GRANT, CANARY, "invalid_client"),
        (GOOD_GRANT, None, "invalid_client"),
    ],
)
def test_the_token_endpoint_refuses_as_rfc_6749_says(
    stack: RunningStack, form: dict[str, str], secret: str | None, error: str
) -> None:
    client = json.loads((stack.places.secrets / "demo_client.json").read_text(encoding="utf-8"))
    # A wrong secret is tried under a name of its own, so that it does not slow the demo client down.
    name = client["client_id"] if secret == "right" else f"nobody-{secrets.token_hex(4)}"
    known = None if secret is None else (name, client["client_secret"] if secret == "right" else secret)
    address = f"{stack.settings.service_url('dashboard')}/api/token"
    answer = httpx.post(address, data=form, auth=known, timeout=20)
    assert answer.status_code == (401 if error == "invalid_client" else 400)
    assert answer.json()["error"] == error
    assert set(answer.json()) == {"error", "error_description"}
    assert "no-store" in answer.headers["Cache-Control"]
    assert CANARY not in answer.text
    if secret is not None and error == "invalid_client":
        assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (b'{"grant_type": "client_credentials"}', "application/json"),
        (b"grant_type=client_credentials&grant_type=client_credentials", "application/x-www-form-urlencoded"),
        (b"", "application/x-www-form-urlencoded"),
        (b"grant_type=%00", "application/x-www-form-urlencoded"),
        (b"grant_type=" + b"a" * 600, "application/x-www-form-urlencoded"),
    ],
)
def test_a_token_request_that_cannot_be_read_is_invalid_request(
    stack: RunningStack, content: bytes, media: str
) -> None:
    client = json.loads((stack.places.secrets / "demo_client.json").read_text(encoding="utf-8"))
    answer = httpx.post(
        f"{stack.settings.service_url('dashboard')}/api/token",
        content=content,
        headers={"Content-Type": media},
        auth=(client["client_id"], client["client_secret"]),
        timeout=20,
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")

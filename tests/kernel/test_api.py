"""A small API over the kernel's parts: every refusal is a problem, nothing is echoed, the document is true."""

from typing import Annotated, Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from kernel.tokens import Tokens
from kernel.web.api import make_api
from kernel.web.principal import Gate, allow

SECRET_VALUE = "hunter2-canary"


class ThingIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(strict=True, max_length=20)]
    count: StrictInt


class ThingOut(BaseModel):
    name: str


@pytest.fixture
def api(beta_gate: Gate) -> APIFlask:
    app = make_api("beta", "Beta", beta_gate, largest_body=2_000)

    @app.post("/api/beta/v1/things")
    @allow(scopes={"things:write"})
    @app.input(ThingIn)
    @app.output(ThingOut, status_code=201)
    def add_thing(json_data: ThingIn) -> Any:
        return {"name": json_data.name}

    @app.get("/api/beta/v1/broken")
    @allow(scopes={"things:write"})
    def broken() -> Any:
        raise RuntimeError(SECRET_VALUE)

    return app


@pytest.fixture
def headers(two_services: dict[str, Tokens]) -> dict[str, str]:
    token = two_services["alpha"].issue_access("lab", frozenset({"things:write"}), ["beta"])
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


@pytest.fixture
def client(api: APIFlask) -> FlaskClient:
    api.testing = False
    return api.test_client()


def post(client: FlaskClient, headers: dict[str, str], body: bytes) -> Any:
    return client.post("/api/beta/v1/things", data=body, headers=headers)


def test_a_good_request_is_answered(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = post(client, headers, b'{"name": "a", "count": 1}')
    assert (answer.status_code, answer.get_json()) == (201, {"name": "a"})


@pytest.mark.parametrize(
    ("body", "status", "fields"),
    [
        (b"", 400, []),
        (b'{"name":', 400, []),
        (b'{"name":"a","name":"b","count":1}', 400, []),
        (b'{"name":"a","count":NaN}', 400, []),
        (b"[1]", 422, None),
        (b'{"name":"a"}', 422, ["count"]),
        (b'{"name":"a","count":"1"}', 422, ["count"]),
        (b'{"name":"a","count":true}', 422, ["count"]),
        (b'{"name":"a","count":1,"is_admin":true}', 422, ["is_admin"]),
        (b'{"name":"' + SECRET_VALUE.encode() * 3 + b'","count":1}', 422, ["name"]),
        (b'{"name":"' + b"x" * 3_000 + b'","count":1}', 413, []),
    ],
)
def test_bad_bodies_are_refused_by_field_and_never_echoed(
    client: FlaskClient, headers: dict[str, str], body: bytes, status: int, fields: list[str] | None
) -> None:
    answer = post(client, headers, body)
    problem = answer.get_json()
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert problem["code"] and problem["title"]
    if fields is not None:
        assert [error["field"] for error in problem.get("errors", [])] == fields
    assert SECRET_VALUE not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "change",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Encoding": "gzip"},
    ],
)
def test_other_media_are_refused(
    client: FlaskClient, headers: dict[str, str], change: dict[str, str]
) -> None:
    assert post(client, headers | change, b'{"name": "a", "count": 1}').status_code == 415


def test_without_a_token_or_scope_nothing_is_done(
    client: FlaskClient, headers: dict[str, str], two_services: dict[str, Tokens]
) -> None:
    no_token = {"Content-Type": "application/json"}
    assert post(client, no_token, b'{"name": "a", "count": 1}').status_code == 401
    weak = two_services["alpha"].issue_access("lab", frozenset({"things:read"}), ["beta"])
    refused = post(client, headers | {"Authorization": f"Bearer {weak}"}, b'{"name": "a", "count": 1}')
    assert refused.status_code == 403


def test_an_unforeseen_error_tells_nothing(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.get("/api/beta/v1/broken", headers=headers)
    assert answer.status_code == 500
    assert answer.get_json()["code"] == "internal"
    assert SECRET_VALUE not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("method", "path", "status"), [("get", "/nowhere", 404), ("put", "/api/beta/v1/things", 405)]
)
def test_other_addresses_and_methods_are_problems_too(
    client: FlaskClient, headers: dict[str, str], method: str, path: str, status: int
) -> None:
    answer = client.open(path, method=method.upper(), headers=headers, data=b"{}")
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


def test_every_answer_carries_the_security_headers(client: FlaskClient) -> None:
    for path in ("/nowhere", "/api/beta/v1/openapi.json"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"


def test_the_document_is_openapi_3_1_and_names_the_refusals(client: FlaskClient) -> None:
    spec = client.get("/api/beta/v1/openapi.json").get_json()
    operation = spec["paths"]["/api/beta/v1/things"]["post"]
    assert spec["openapi"] == "3.1.0"
    assert operation["requestBody"]["required"] is True
    for status in ("400", "401", "403", "415", "422"):
        schema = operation["responses"][status]["content"]["application/problem+json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Problem"}

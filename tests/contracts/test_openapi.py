"""Each service against its own OpenAPI document: every generated request, good or bad, gets a documented answer."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
import schemathesis.openapi
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from requests.auth import AuthBase
from schemathesis.core.result import Ok

from kernel.context import Actor
from kernel.ids import new_id
from kernel.tokens import Tokens
from local import keys
from tests.stack import RunningStack

Operation = schemathesis.APIOperation[Any, Any, Any, Any]
SERVICES = ("intake", "referral", "notify", "dashboard")
METHODS = ("get", "post", "put", "patch", "delete")
NURSE = Actor("staff", "schemathesis", role="nurse", name="Contract Tester")
POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
EXAMPLES = 8
# A document cannot say that a birth date lies in the past or that a phone number can exist (422 names the field),
# nor which cursors a list gave out (400).
ACCEPTING = ["2xx", "400", "401", "403", "404", "409", "412", "422"]
SEED = 20261123

pytestmark = [pytest.mark.capability("X3"), pytest.mark.xdist_group("stack")]


class SignEachRequest(AuthBase):
    """Signs the body of every request with a token of its own, as the dashboard does.

    A generated Idempotency-Key is often "0", and the second deed under it only meets `key_reused`: with `fresh_keys`
    each request that has one gets its own.
    """

    def __init__(self, tokens: Tokens, service: str) -> None:
        self._tokens = tokens
        self._service = service
        self.fresh_keys = True

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else body
        assert isinstance(raw, bytes)
        request.headers["Authorization"] = f"Bearer {self._tokens.issue(self._service, raw, NURSE)}"
        if self.fresh_keys and "Idempotency-Key" in request.headers:
            request.headers["Idempotency-Key"] = str(new_id())
        return request


def signer(stack: RunningStack, service: str) -> SignEachRequest:
    secrets = stack.settings.places.secrets
    pem = keys.signing_key_file(secrets, "dashboard").read_text(encoding="utf-8")
    public = keys.public_keys_file(secrets).read_text(encoding="utf-8")
    return SignEachRequest(Tokens("dashboard", pem, public), service)


@pytest.mark.parametrize("service", SERVICES)
def test_the_document_is_openapi_3_1_and_says_what_each_refusal_is(stack: RunningStack, service: str) -> None:
    document = httpx.get(f"{stack.address}/api/{service}/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for method in operations.keys() & set(METHODS):
            for status, answer in operations[method]["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], (
                        f"{method} {path} {status}"
                    )


@pytest.mark.parametrize("service", SERVICES)
def test_every_answer_to_generated_requests_is_documented(stack: RunningStack, service: str) -> None:
    base = stack.settings.service_url(service)
    document = httpx.get(f"{base}/api/{service}/v1/openapi.json").json()
    session = requests.Session()
    session.auth = signs = signer(stack, service)
    failures: list[str] = []
    tried = 0

    def try_operation(operation: Operation, mode: schemathesis.GenerationMode) -> None:
        @seed(SEED)
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def one(case: schemathesis.Case[Any]) -> None:
            nonlocal tried
            tried += 1
            answer = case.call(base_url=base, session=session)
            given_by_us = {"Authorization": str(answer.request.headers["Authorization"])}
            case.validate_response(answer, headers=given_by_us)

        one()

    for mode in (POSITIVE, NEGATIVE):
        signs.fresh_keys = mode is POSITIVE
        for operation in operations_of(document, mode):
            try:
                try_operation(operation, mode)
            except Unsatisfiable:
                failures.append(f"{operation.label} ({mode.value}): no such request")
            except Exception as error:  # gathered, so that one run shows every operation's finding
                failures.append(f"{operation.label} ({mode.value}): {error}")
    assert failures == [], "\n\n".join(failures)
    assert tried >= 2 * len(document["paths"])


def operations_of(document: dict[str, Any], mode: schemathesis.GenerationMode) -> Iterator[Operation]:
    """Every operation of the document.

    Requests that break the document are all signed well, so a breach is found behind the gate; requests that keep
    to it are each sent again without a token and with a wrong one, by the check `ignored_auth`.
    """
    if mode is NEGATIVE:
        document = document | {"security": []}
        for operations in document["paths"].values():
            for method in operations.keys() & set(METHODS):
                operations[method].pop("security", None)
                # Any text is a good answer to a plain name in the path: Hypothesis would look for a bad one in vain.
                if not can_be_broken(operations[method], operations.get("parameters", [])):
                    del operations[method]
    schema = schemathesis.openapi.from_dict(document)
    schema.config.generation.update(allow_x00=False)
    schema.config.checks.positive_data_acceptance.expected_statuses = ACCEPTING
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        yield result.ok()


def can_be_broken(operation: dict[str, Any], shared: list[dict[str, Any]]) -> bool:
    """Whether some request to the operation breaks the document: it takes a body, or more than plain names in its path."""
    taken = [*shared, *operation.get("parameters", [])]
    return "requestBody" in operation or any(
        one["in"] != "path"
        or one["schema"].keys() - {"title"} != {"type"}
        or one["schema"]["type"] != "string"
        for one in taken
    )

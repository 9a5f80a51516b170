"""Every operation of every service, read from the documents the services publish, and a signed way to call it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import schemathesis.openapi
from hypothesis import HealthCheck, Phase, find, settings

from kernel.context import Actor
from kernel.ids import new_id
from kernel.tokens import Tokens
from local import keys
from tests.stack import RunningStack

SERVICES = ("intake", "referral", "notify", "dashboard")
METHODS = ("get", "post", "put", "patch", "delete")
TESTER = "bad-request-tester"
ROLES = ("nurse", "manager", "provider", "front_desk", "therapist", "admin")
# Parts of an address that are words of a short list, not ids.
WORDS = {"deed_name": "confirm"}
# Where a rule no document can say (a variable of the protocol, a site of the clinic) comes before the record.
FITTING: dict[str, dict[str, Any]] = {
    "/api/notify/v1/staff-contacts": {"name": "Duty phone", "role": "nurse", "phone": "+18165550142"},
    "/api/intake/v1/patients/{patient_id}/identifiers": {"system": "urn:example:mrn", "value": "A-12345"},
    "/api/referral/v1/referrals/{referral_id}/findings": {"answers": {"neck_rom_reduced": True}},
    "/api/referral/v1/self/referrals/{referral_id}/appointments": {
        "visit_type": "pt_evaluation",
        "provider_id": "amara_oyelaran",
        "site_id": "lees_summit",
        "starts_at": "2026-12-01T10:00:00-06:00",
    },
}
CANARY = "Zanzibar7Canary"


@dataclass(frozen=True)
class Endpoint:
    """One operation. `query` and `headers` are the names it documents; `body` is one that fits its document.

    `actor` is somebody who may call it; None is a service itself.
    """

    service: str
    method: str
    template: str
    query: frozenset[str]
    headers: frozenset[str]
    body: Any
    actor: Actor | None

    @property
    def has_body(self) -> bool:
        return self.body is not None

    @property
    def on_record(self) -> bool:
        return "{" in self.template

    def path(self, record_id: str = "") -> str:
        """The address, with `record_id` (or a fresh id nobody has) in place of each variable part."""
        return re.sub(
            r"\{([^}]+)\}", lambda part: WORDS.get(part[1]) or record_id or str(new_id()), self.template
        )

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.template}"


class Caller:
    """Calls the services' own ports as somebody who may: every request signed for exactly its body."""

    def __init__(self, stack: RunningStack) -> None:
        self._stack = stack
        secrets = stack.settings.places.secrets
        pem = keys.signing_key_file(secrets, "dashboard").read_text(encoding="utf-8")
        public = keys.public_keys_file(secrets).read_text(encoding="utf-8")
        self._tokens = Tokens("dashboard", pem, public)
        self._http = httpx.Client(timeout=20, trust_env=False)

    def token(self, service: str, body: bytes = b"", actor: Actor | None = None) -> str:
        return self._tokens.issue(service, body, actor)

    def send(
        self,
        endpoint: Endpoint,
        content: bytes = b"",
        *,
        path: str = "",
        query: str = "",
        method: str = "",
        headers: dict[str, str | None] | None = None,
    ) -> httpx.Response:
        """Send one request; a header given as None is left out."""
        usual: dict[str, str | None] = {
            "Authorization": f"Bearer {self.token(endpoint.service, content, endpoint.actor)}",
            "Idempotency-Key": f"bad-{new_id()}",
            "If-Match": '"1"',
            "Content-Type": "application/json" if content or endpoint.has_body else None,
        }
        chosen = {name: value for name, value in (usual | (headers or {})).items() if value is not None}
        address = self._stack.settings.service_url(endpoint.service) + (path or endpoint.path())
        return self._http.request(
            method or endpoint.method,
            address + (f"?{query}" if query else ""),
            content=content or None,
            headers=chosen,
        )


def read_endpoints(stack: RunningStack, caller: Caller) -> list[Endpoint]:
    """Every operation of the four documents, each with somebody who may call it."""
    found = [endpoint for service in SERVICES for endpoint in _endpoints_of(stack, service)]
    return [_with_actor(caller, endpoint) for endpoint in found]


def _with_actor(caller: Caller, endpoint: Endpoint) -> Endpoint:
    """Try who is let in; a write is tried without its key, so that it stores nothing."""
    content = json.dumps(endpoint.body).encode() if endpoint.has_body else b""
    for role in ROLES:
        tried = replace(endpoint, actor=Actor("staff", TESTER, role=role, name="Bad Request Tester"))
        if caller.send(tried, content, headers={"Idempotency-Key": None}).status_code != 403:
            return tried
    return endpoint


def _endpoints_of(stack: RunningStack, service: str) -> Iterator[Endpoint]:
    address = f"{stack.settings.service_url(service)}/api/{service}/v1/openapi.json"
    document = httpx.get(address, timeout=20).json()
    schema = schemathesis.openapi.from_dict(document)
    for template, operations in document["paths"].items():
        for method in sorted(operations.keys() & set(METHODS)):
            named = operations[method].get("parameters", [])
            body = None
            if "requestBody" in operations[method]:
                strategy = schema[template][method].as_strategy()
                body = find(
                    strategy,
                    lambda _: True,
                    settings=settings(
                        max_examples=20,
                        phases=[Phase.generate],
                        database=None,
                        deadline=None,
                        derandomize=True,
                        suppress_health_check=list(HealthCheck),
                    ),
                ).body
            yield Endpoint(
                service,
                method,
                template,
                frozenset(one["name"] for one in named if one["in"] == "query"),
                frozenset(one["name"] for one in named if one["in"] == "header"),
                body if body is None else FITTING.get(template, body),
                None,
            )

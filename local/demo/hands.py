"""Calls the clinic's own APIs, as the demo web site and as demo staff: the demo has no way in that others lack."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from kernel.context import Actor
from kernel.ids import new_id
from kernel.service_client import Answer, ServiceClient
from kernel.tokens import Tokens
from local import keys
from local.process_environment import Stack

NURSE = Actor("staff", "demo-nurse", role="nurse", name="Nora Whitfield")
FRONT_DESK = Actor("staff", "demo-front-desk", role="front_desk", name="Fred Okafor")


class Refused(RuntimeError):
    """The clinic did not do what the demo asked; the message says what came back."""


class Hands:
    """What a person at a keyboard could do, done by program."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        secrets = stack.places.secrets
        pem = keys.signing_key_file(secrets, "dashboard").read_text(encoding="utf-8")
        public = keys.public_keys_file(secrets).read_text(encoding="utf-8")
        addresses = {name: stack.service_url(name) for name in ("intake", "referral", "notify", "dashboard")}
        self._staff = ServiceClient(Tokens("dashboard", pem, public), addresses, timeout_seconds=10)
        self._web = httpx.Client(timeout=10, trust_env=False)
        self._token = ""
        self._token_until = 0.0

    def now(self) -> datetime:
        """The clinic's time."""
        return datetime.now(UTC) + timedelta(seconds=self._stack.clock_offset_seconds)

    def submit(self, body: dict[str, Any], key: str | None = None) -> dict[str, Any]:
        """Send one submission as the demo API client, under `key` or a fresh one; returns the answer's body."""
        sent = self._web.post(
            f"{self._stack.service_url('intake')}/api/intake/v1/submissions",
            json=body,
            headers={
                "Authorization": f"Bearer {self.access_token()}",
                "Idempotency-Key": key or str(new_id()),
            },
        )
        if sent.status_code != 201:
            raise Refused(f"submission: {sent.status_code} {sent.text[:300]}")
        answer: dict[str, Any] = sent.json()
        return answer

    def access_token(self) -> str:
        """Return a fresh enough access token of the demo API client."""
        if time.monotonic() > self._token_until:
            client = json.loads((self._stack.places.secrets / "demo_client.json").read_text(encoding="utf-8"))
            sent = self._web.post(
                f"{self._stack.service_url('dashboard')}/api/token",
                data={"grant_type": "client_credentials"},
                auth=(client["client_id"], client["client_secret"]),
            )
            if sent.status_code != 200:
                raise Refused(f"token: {sent.status_code}")
            self._token = sent.json()["access_token"]
            self._token_until = time.monotonic() + 300
        return self._token

    def get(self, service: str, path: str, actor: Actor = NURSE, **params: str) -> Answer:
        """GET as staff."""
        return self._staff.call(service, "GET", path, actor=actor, params=params or None)

    def do(
        self,
        service: str,
        path: str,
        body: dict[str, Any],
        *,
        version: int | None = None,
        actor: Actor = NURSE,
        key: str | None = None,
    ) -> Answer:
        """POST as staff, with If-Match when `version` is given; raises `Refused` unless 2xx."""
        headers = {"Idempotency-Key": key or str(new_id())}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        answer = self._staff.call(service, "POST", path, actor=actor, json_body=body, headers=headers)
        if not answer.ok:
            raise Refused(f"{path}: {answer.status} {json.dumps(answer.body)[:400]}")
        return answer

    def reply(self, phone: str, text: str) -> None:
        """Answer a text message from `phone`, as its owner would."""
        carrier = f"http://127.0.0.1:{self._stack.ports['carrier']}/phone/api/reply"
        self._web.post(carrier, json={"from": phone, "body": text, "wait": True})

    def texts_to(self, phone: str) -> int:
        """How many messages the carrier took for `phone`."""
        carrier = f"http://127.0.0.1:{self._stack.ports['carrier']}/phone/api/messages"
        found = self._web.get(carrier, params={"phone": phone}).json()["messages"]
        return sum(1 for message in found if message["direction"].startswith("outbound"))

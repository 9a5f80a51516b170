"""Calls from one service to another: signed, timed, capped, and never following a redirect."""

import json
from dataclasses import dataclass
from typing import Any

import httpx

from kernel.context import Actor, request_id
from kernel.tokens import Tokens

LARGEST_ANSWER_BYTES = 8 * 1024 * 1024


class ServiceUnavailable(Exception):
    """The other service did not answer, or not usefully: nothing is known to have changed there."""

    def __init__(self, service: str) -> None:
        super().__init__(f"the {service} service did not answer")
        self.service = service


@dataclass(frozen=True, slots=True)
class Answer:
    """A service's answer. `body` is parsed JSON, None when there was none, or the bytes of the type asked for."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class ServiceClient:
    """Calls other services' APIs on behalf of staff (or of this service itself). One per process; thread-safe."""

    def __init__(self, tokens: Tokens, addresses: dict[str, str], timeout_seconds: float = 5.0) -> None:
        self._tokens = tokens
        self._addresses = {name: address.rstrip("/") for name, address in addresses.items()}
        self._http = httpx.Client(
            timeout=httpx.Timeout(timeout_seconds, connect=1.0),
            follow_redirects=False,
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=16),
            trust_env=False,
        )

    def call(
        self,
        service: str,
        method: str,
        path: str,
        *,
        actor: Actor | None = None,
        json_body: Any = None,
        params: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        accept: str = "",
    ) -> Answer:
        """Send one request and return its answer, whatever the status; raises `ServiceUnavailable` when none came.

        `accept`: a media type whose content is returned as bytes; everything else has to be JSON.
        """
        content = b"" if json_body is None else json.dumps(json_body, ensure_ascii=False).encode()
        sent = {
            "Authorization": f"Bearer {self._tokens.issue(service, content, actor)}",
            "X-Request-Id": request_id(),
            **({"Content-Type": "application/json"} if json_body is not None else {}),
            **(headers or {}),
        }
        try:
            reply = self._http.request(
                method, self._addresses[service] + path, content=content or None, params=params, headers=sent
            )
            if len(reply.content) > LARGEST_ANSWER_BYTES:
                raise ServiceUnavailable(service)
            body: Any = None
            if accept and reply.headers.get("content-type", "").startswith(accept):
                body = reply.content
            elif reply.content:
                body = reply.json()
        except (httpx.HTTPError, ValueError):
            raise ServiceUnavailable(service) from None
        return Answer(reply.status_code, body, {name.lower(): value for name, value in reply.headers.items()})

"""Calls from one service to another: signed, timed, capped, and never following a redirect."""

from dataclasses import dataclass
from typing import Any

import httpx

from kernel.context import Actor, request_id
from kernel.exact_json import dumps, loads
from kernel.tokens import Tokens
from kernel.whole_answer import timed_transport, whole_answer_within

NOT_REACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
LARGEST_ANSWER_BYTES = 8 * 1024 * 1024
WORDS = {
    "no_answer": "did not answer",
    "too_large": "answered with more than 8 MB",
    "too_slow": "did not finish its answer in time",
    "not_readable": "answered with what is no answer of ours",
}


class ServiceUnavailable(Exception):
    """The other service did not answer, or not usefully: nothing is known to have changed there.

    `why` says which: `no_answer` (nothing, or not in time), `too_large`, `too_slow` (begun, and not finished in time)
    or `not_readable` (an answer that is not what our services speak: a proxy's page, half a document). It cannot have
    read the request when `reached` is False.
    """

    def __init__(self, service: str, why: str = "no_answer", *, reached: bool = True) -> None:
        super().__init__(f"the {service} service {WORDS[why]}")
        self.service = service
        self.why = why
        self.reached = reached


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
        self._seconds = timeout_seconds
        self._http = httpx.Client(
            timeout=httpx.Timeout(timeout_seconds, connect=1.0),
            follow_redirects=False,
            transport=timed_transport(httpx.Limits(max_connections=32, max_keepalive_connections=16)),
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
        content: bytes = b"",
        params: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        accept: str = "",
    ) -> Answer:
        """Send one request and return its answer, whatever the status; raises `ServiceUnavailable` when none came.

        `accept`: a media type whose content is returned as bytes; everything else has to be JSON. `content`: a body
        that is written already; its Content-Type is among the `headers`.
        """
        if json_body is not None:
            content = dumps(json_body).encode()
        sent = {
            "Authorization": f"Bearer {self._tokens.issue(service, content, actor)}",
            "X-Request-Id": request_id(),
            **({"Content-Type": "application/json"} if json_body is not None else {}),
            **(headers or {}),
        }
        url = self._addresses[service] + path
        status = 0
        read = bytearray()
        try:
            with (
                whole_answer_within(2 * self._seconds),
                self._http.stream(method, url, content=content or None, params=params, headers=sent) as reply,
            ):
                status = reply.status_code
                for part in reply.iter_bytes():
                    read += part
                    if len(read) > LARGEST_ANSWER_BYTES:
                        raise ServiceUnavailable(service, "too_large")
        except NOT_REACHED:
            raise ServiceUnavailable(service, reached=False) from None
        except httpx.TimeoutException:
            raise ServiceUnavailable(service, "too_slow" if status else "no_answer") from None
        except (httpx.RemoteProtocolError, httpx.DecodingError) as error:
            # A process that died while it was asked hangs up: that is no answer, and not a strange one.
            hung_up = not status and str(error).startswith("Server disconnected")
            raise ServiceUnavailable(service, "no_answer" if hung_up else "not_readable") from None
        except httpx.HTTPError:
            raise ServiceUnavailable(service) from None
        kept = {name.lower(): value for name, value in reply.headers.items()}
        if accept and kept.get("content-type", "").startswith(accept):
            return Answer(status, bytes(read), kept)
        try:
            body = loads(bytes(read)) if read else None
        except (ValueError, RecursionError):
            raise ServiceUnavailable(service, "not_readable") from None
        return Answer(status, body, kept)

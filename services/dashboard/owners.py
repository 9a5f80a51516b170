"""The services that own the records: every page reads and acts through their HTTP APIs, as the member of staff."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from kernel.context import Actor
from kernel.logs import log
from kernel.service_client import Answer, ServiceClient, ServiceUnavailable

T = TypeVar("T")


class OwnerAway(Exception):
    """The owner did not answer, or said it cannot for the moment. Nothing is known to have changed there."""

    def __init__(self, service: str) -> None:
        super().__init__(service)
        self.service = service


class OwnerRefused(Exception):
    """The owner answered with a refusal. `code` is stable; `body` is its problem document."""

    def __init__(self, service: str, status: int, body: Any) -> None:
        problem = body if isinstance(body, dict) else {}
        super().__init__(f"{service} {status}")
        self.service = service
        self.status = status
        self.body: dict[str, Any] = problem
        self.code = str(problem.get("code", "refused"))
        self.title = str(problem.get("title", "The request was not accepted."))


@dataclass(frozen=True)
class Part(Generic[T]):
    """One part of a page: its value, or the service it waits for. A page shows the parts it has."""

    value: T
    late: str = ""
    refused: str = ""


class Owners:
    """Reads from and acts on the owning services for one member of staff at a time. Thread-safe."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    def get(self, service: str, path: str, actor: Actor, **params: str) -> Any:
        """Return the JSON at `path` (below /api/<service>/v1); raises `OwnerAway` or `OwnerRefused`."""
        given = {name.rstrip("_"): value for name, value in params.items() if value}
        return self._checked(service, self._call(service, "GET", path, actor, params=given or None)).body

    def download(self, service: str, path: str, actor: Actor, media_type: str) -> bytes:
        """Return the file at `path`, which must be of `media_type`; raises `OwnerAway` or `OwnerRefused`."""
        answer = self._checked(service, self._call(service, "GET", path, actor, accept=media_type))
        if not isinstance(answer.body, bytes):
            raise OwnerAway(service)
        return answer.body

    def send(
        self,
        service: str,
        method: str,
        path: str,
        actor: Actor,
        body: Any,
        *,
        key: str = "",
        version: int | None = None,
    ) -> Any:
        """Do a deed and return the owner's answer. `key` makes a repeat harmless; `version` is the one seen."""
        headers = {}
        if key:
            headers["Idempotency-Key"] = key
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        answer = self._call(service, method, path, actor, json_body=body, headers=headers)
        return self._checked(service, answer).body

    def _call(self, service: str, method: str, path: str, actor: Actor, **more: Any) -> Answer:
        try:
            return self._client.call(service, method, f"/api/{service}/v1{path}", actor=actor, **more)
        except ServiceUnavailable as unavailable:
            log().warning("owner_away", owner=service, why=unavailable.why)
            raise OwnerAway(service) from None

    def _checked(self, service: str, answer: Answer) -> Answer:
        if answer.ok:
            return answer
        if answer.status >= 500 or answer.status == 401:
            log().warning("owner_failed", owner=service, status=answer.status)
            raise OwnerAway(service)
        raise OwnerRefused(service, answer.status, answer.body)


def part(read: Callable[[], T], otherwise: T) -> Part[T]:
    """Return what `read` gives, or `otherwise` with the name of the service that is late or refuses."""
    try:
        return Part(read())
    except OwnerAway as away:
        return Part(otherwise, late=away.service)
    except OwnerRefused as refusal:
        return Part(otherwise, refused=refusal.service)

"""Who is acting and on which request: carried in context variables so logs and audit rows agree."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from kernel.ids import new_id

ActorKind = Literal["staff", "patient", "client", "service", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """One who acts. `id` is a stable identifier, never a name or a phone number.

    `provider_id`: whom the schedule knows a clinician as, or "".
    """

    kind: ActorKind
    id: str
    role: str = ""
    name: str = ""
    sites: tuple[str, ...] = ()
    provider_id: str = ""

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("an actor needs an id: nothing is done by nobody")


_request_id: ContextVar[str] = ContextVar("request_id", default="")


def request_id() -> str:
    """The id of the request or task being served, or "" outside one."""
    return _request_id.get()


@contextmanager
def request_scope(given: str | None = None) -> Iterator[str]:
    """Run a block under one request id: `given` when a caller sent a well-formed one, else a fresh one."""
    chosen = given if given and len(given) <= 64 and given.replace("-", "").isalnum() else str(new_id())
    token = _request_id.set(chosen)
    try:
        yield chosen
    finally:
        _request_id.reset(token)

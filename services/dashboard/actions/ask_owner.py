"""Do one deed through an owner, as the member of staff: the plain case, where the path and the body say it all."""

from typing import Any

from kernel.context import Actor
from services.dashboard.owners import Owners


def ask_owner(
    owners: Owners,
    actor: Actor,
    service: str,
    path: str,
    body: dict[str, Any],
    *,
    key: str,
    version: int | None = None,
) -> Any:
    """POST `body` to `path` of `service` and return the answer; raises `OwnerAway` or `OwnerRefused`."""
    return owners.send(service, "POST", path, actor, body, key=key, version=version)

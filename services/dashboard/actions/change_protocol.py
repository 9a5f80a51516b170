"""Write to the protocol's life through its owner: drafts, items, replays, golden cases, publishing."""

from typing import Any

from kernel.context import Actor
from services.dashboard.owners import Owners


def change_protocol(
    owners: Owners, actor: Actor, path: str, body: dict[str, Any], *, key: str, version: int | None = None
) -> dict[str, Any]:
    """POST to a path below /protocol and return the answer; raises `OwnerAway` or `OwnerRefused`."""
    done: dict[str, Any] = owners.send(
        "referral", "POST", f"/protocol{path}", actor, body, key=key, version=version
    )
    return done

"""Write a draft of a questionnaire through its owner: begin one, or replace its document."""

from typing import Any
from uuid import UUID

from kernel.context import Actor
from services.dashboard.owners import Owners


def change_form_draft(
    owners: Owners,
    actor: Actor,
    document: dict[str, Any],
    *,
    key: str,
    draft_id: UUID | None = None,
    version: int | None = None,
) -> dict[str, Any]:
    """Store `document` as a new draft, or as the next state of `draft_id`; returns the draft as the owner tells it.

    Raises `OwnerAway` or `OwnerRefused`.
    """
    path = "/questionnaire-drafts" + (f"/{draft_id}" if draft_id else "")
    method = "PUT" if draft_id else "POST"
    done: dict[str, Any] = owners.send("intake", method, path, actor, document, key=key, version=version)
    return done

"""An open draft of the shipped protocol, as the referral service shows it."""

from typing import Any

from kernel.contracts.protocol import shipped_document
from tests.dashboard.conftest import Dashboard


def open_draft(clinic: Dashboard, draft_id: str, title: str, **more: Any) -> dict[str, Any]:
    """Let the owner show the draft, at version 4 and without changes or `more`, and take its items; return it."""
    draft = {
        "id": draft_id,
        "title": title,
        "base_number": 1,
        "stale": False,
        "state": "open",
        "version": 4,
        "author": {"id": "someone", "name": "Someone Else"},
        "changed_by": "someone",
        "editors": ["someone"],
        "created_at": "",
        "changed_at": "",
        "published_number": None,
        "document": shipped_document(),
        "changes": [],
        "checks": {},
    } | more
    path = f"protocol/drafts/{draft_id}"
    clinic.world.extra["referral", "GET", path] = draft
    clinic.world.extra["referral", "POST", f"{path}/items"] = {"id": draft_id}
    return draft

"""The protocol, its versions, drafts and replays, as their owner tells them."""

from typing import Any
from uuid import UUID

from kernel.context import Actor
from services.dashboard.owners import Owners

SECTIONS = (
    ("red_flags", "Red flags"),
    ("routes", "Routes"),
    ("rules", "Routing rules"),
    ("diagnoses", "Diagnoses"),
    ("modifiers", "Markers"),
    ("variables", "Questions"),
    ("derived", "Worked out"),
)


def items_of(document: dict[str, Any], section: str) -> list[dict[str, Any]]:
    """Return the items of a section of the document; a route is put together from the places that name it."""
    routes = document.get("routes") or {}
    if section == "routes":
        return _routes(routes)
    found = routes.get(section) if section in ("rules", "modifiers") else document.get(section)
    return [one for one in found or [] if isinstance(one, dict)]


def find_item(document: dict[str, Any], section: str, item_id: str) -> dict[str, Any] | None:
    """Return one item, or None."""
    return next((one for one in items_of(document, section) if one.get("id") == item_id), None)


def read_protocol(owners: Owners, actor: Actor, path: str) -> dict[str, Any]:
    """Return the JSON below /protocol; raises `OwnerAway` or `OwnerRefused`."""
    found: dict[str, Any] = owners.get("referral", f"/protocol{path}", actor)
    return found


def read_draft(owners: Owners, actor: Actor, draft_id: UUID) -> dict[str, Any]:
    """Return a draft with its document, changes and checks; raises `OwnerAway` or `OwnerRefused`."""
    return read_protocol(owners, actor, f"/drafts/{draft_id}")


def _routes(routes: dict[str, Any]) -> list[dict[str, Any]]:
    labels = routes.get("labels") or {}
    barred = {
        route
        for cause in routes.get("review_when") or []
        if isinstance(cause, dict) and cause.get("kind") == "flag_bars_route"
        for route in cause.get("never_primary") or []
    }
    return [
        {
            "id": route,
            "name": (labels.get(route) or {}).get("en", ""),
            "label": labels.get(route) or {},
            "rank": rank,
            "urgent_bars": route in barred,
        }
        for rank, route in enumerate(routes.get("order") or [], 1)
    ]

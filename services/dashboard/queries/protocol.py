"""The protocol, its versions, drafts and replays, as their owner tells them."""

from typing import Any
from uuid import UUID

from kernel.context import Actor
from services.dashboard.owners import Owners

SECTIONS = (
    ("red_flags", "Red flags"),
    ("routes", "Routes"),
    ("rules", "Routing rules"),
    ("tie_breaks", "Tie-breaks"),
    ("upgrades", "Sooner"),
    ("review_when", "To a person"),
    ("diagnoses", "Diagnoses"),
    ("ranking", "Ranking"),
    ("modifiers", "Markers"),
    ("variables", "Questions"),
    ("derived", "Worked out"),
)

IN_ROUTES = ("rules", "modifiers", "review_when")
ORDER_NAMES = {
    "probable_order": "Which probable diagnosis displaces which",
    "display_order": "Which diagnosis is shown first",
}


def items_of(document: dict[str, Any], section: str) -> list[dict[str, Any]]:
    """Return the items of a section of the document; a route is put together from the places that name it.

    A tie-break has no id: it gets its place, from 1. The ranking has two items, named as the document names its orders.
    """
    routes = document.get("routes") or {}
    if section == "routes":
        return _routes(routes)
    if section == "tie_breaks":
        return _tie_breaks(routes)
    if section == "upgrades":
        found = (routes.get("priority_modifiers") or {}).get("upgrade_one_class_if_any")
        return [one for one in found or [] if isinstance(one, dict)]
    if section == "ranking":
        return _orders(document.get("ranking") or {})
    found = routes.get(section) if section in IN_ROUTES else document.get(section)
    return [one for one in found or [] if isinstance(one, dict)]


def places_of_items(document: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return the section and name of every item of the document that has an id."""
    return {
        str(item["id"]): (section, str(item.get("name") or ""))
        for section, _ in SECTIONS
        for item in items_of(document, section)
        if item.get("id")
    }


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


def try_item(
    owners: Owners, actor: Actor, draft_id: UUID, place: tuple[str, str], item: Any
) -> dict[str, Any]:
    """Return the checks of the draft as it would be with that item at (section, id); stores nothing."""
    body = {"section": place[0], "id": place[1], "item": item}
    found: dict[str, Any] = owners.send(
        "referral", "POST", f"/protocol/drafts/{draft_id}/checks", actor, body
    )
    return found


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


def _tie_breaks(routes: dict[str, Any]) -> list[dict[str, Any]]:
    listed = [one for one in routes.get("tie_breaks") or [] if isinstance(one, dict)]
    return [{**one, "id": str(place), "rank": place} for place, one in enumerate(listed, 1)]


def _orders(ranking: dict[str, Any]) -> list[dict[str, Any]]:
    source = ranking.get("source") or ""
    return [
        {"id": name, "name": words, "order": ranking.get(name) or [], "source": source}
        for name, words in ORDER_NAMES.items()
    ]

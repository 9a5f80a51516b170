"""A site's changes as they stand on the form: each a rule sent elsewhere, made more or less urgent, or left out."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Change = dict[str, Any]


def kept_changes(texts: Sequence[str]) -> list[Change]:
    """Return the changes the form carried along; what cannot be read is dropped."""
    found = []
    for text in texts:
        try:
            change = json.loads(text)
        except ValueError:
            continue
        if isinstance(change, dict) and isinstance(change.get("id"), str):
            found.append(change)
    return found


def changes_with(changes: Sequence[Change], form: Mapping[str, str]) -> list[Change]:
    """Return the changes with the one being entered, in place of an earlier one of the same rule."""
    section, _, name = form.get("item", "").partition("/")
    deed = form.get("deed", "")
    if not name or not deed:
        return list(changes)
    made: Change = {"section": section, "id": name}
    if deed == "remove":
        made["remove"] = True
    else:
        wanted = {"priority": form.get("priority", ""), "route": form.get("route", "")}
        made["set"] = {key: value for key, value in wanted.items() if value}
        if not made["set"] or section != "routes.rules":
            return list(changes)
    return [*(one for one in changes if one["id"] != name), made]


def touched_items(document: Mapping[str, Any], changes: Sequence[Change]) -> dict[str, Any]:
    """Return the shared items the changes name, by id."""
    routes = document.get("routes") or {}
    items = [*(routes.get("rules") or []), *(routes.get("modifiers") or [])]
    named = {one["id"] for one in changes}
    return {str(one["id"]): one for one in items if one.get("id") in named}

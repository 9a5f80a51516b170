"""A site's overlay on a shared protocol: changes as data, merged the same way every time.

An overlay names the version it was made for and holds changes, each for one entry with an id:
``{"section": "red_flags", "id": ..., "set": {...}}`` replaces keys of an entry, ``"add"`` brings a whole
entry, ``"remove": true`` takes one away. Sections: variables, derived, diagnoses, priorities, red_flags,
routes.rules, routes.modifiers.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from kernel.evidence.errors import Problem, ProtocolError

SECTIONS: Final = (
    "variables",
    "derived",
    "diagnoses",
    "priorities",
    "red_flags",
    "routes.rules",
    "routes.modifiers",
)
_KEYS: Final = frozenset({"section", "id", "set", "add", "remove", "reason"})


def merge_overlay(document: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """A new document with the overlay's changes; the shared one stays as it is.

    `ProtocolError` when the overlay was made for another protocol or version, changes one entry twice,
    or names an entry that is not there. The result is compiled by the caller like any document, so a
    merge that breaks a rule is refused there.
    """
    made_for = overlay.get("made_for")
    live = {"id": document.get("id"), "version": document.get("version")}
    if made_for != live:
        raise ProtocolError(
            [Problem("made_for", "stale", f"the shared protocol is {live['id']} {live['version']}")]
        )
    changes = overlay.get("changes", [])
    if not isinstance(changes, list) or not isinstance(overlay.get("site"), str):
        raise ProtocolError([Problem("", "wrong_type", "an overlay has a site and a list of changes")])
    merged = copy.deepcopy(dict(document))
    problems: list[Problem] = []
    touched: set[tuple[str, str]] = set()
    # Taken by section and id, so that the order they were written in never shows in the result.
    for place, change in sorted(enumerate(changes), key=_place):
        path = f"changes[{place}]"
        fault = _fault(change) or _apply(merged, change, touched)
        if fault is not None:
            problems.append(Problem(path, *fault))
    if problems:
        raise ProtocolError(problems)
    merged["site"] = overlay["site"]
    return merged


def _place(numbered: tuple[int, object]) -> tuple[str, str, int]:
    place, change = numbered
    if not isinstance(change, Mapping):
        return "", "", place
    return str(change.get("section")), str(change.get("id")), place


def _fault(change: object) -> tuple[str, str] | None:
    if not isinstance(change, Mapping) or set(change) - _KEYS:
        return "wrong_type", "a change is an object with section, id and one of set, add or remove"
    if change.get("section") not in SECTIONS:
        return "unknown_section", f"one of {', '.join(SECTIONS)} is needed"
    if not isinstance(change.get("id"), str):
        return "wrong_type", "a change names the id of its entry"
    deeds = [deed for deed in ("set", "add", "remove") if deed in change]
    if len(deeds) != 1:
        return "wrong_value", "exactly one of set, add or remove is needed"
    if deeds[0] == "remove":
        return None if change["remove"] is True else ("wrong_value", "remove is true")
    if not isinstance(change[deeds[0]], Mapping):
        return "wrong_type", f"{deeds[0]} holds the keys of the entry"
    if change[deeds[0]].get("id", change["id"]) != change["id"]:
        return "wrong_value", "an entry keeps its id"
    return None


def _apply(
    merged: dict[str, Any], change: Mapping[str, Any], touched: set[tuple[str, str]]
) -> tuple[str, str] | None:
    section, name = str(change["section"]), str(change["id"])
    if (section, name) in touched:
        return "duplicate_change", f"{name} is changed twice"
    touched.add((section, name))
    entries: Any = merged
    for key in section.split("."):
        entries = entries.get(key) if isinstance(entries, dict) else None
    if not isinstance(entries, list):
        return "unknown_section", f"the shared protocol has no {section}"
    place = next(
        (i for i, one in enumerate(entries) if isinstance(one, dict) and one.get("id") == name), None
    )
    if "add" in change:
        if place is not None:
            return "duplicate_id", f"{name} is already in the shared protocol"
        entries.append({"id": name, **copy.deepcopy(dict(change["add"]))})
    elif place is None:
        return "unknown_id", f"{name} is not in the shared protocol"
    elif "remove" in change:
        del entries[place]
    else:
        entries[place] = {**entries[place], **copy.deepcopy(dict(change["set"]))}
    return None

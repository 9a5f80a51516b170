"""What differs between two protocol documents, item by item: for the eye of whoever approves."""

from collections.abc import Mapping
from typing import Any

LISTS: tuple[tuple[str, ...], ...] = (
    ("variables",),
    ("derived",),
    ("red_flags",),
    ("diagnoses",),
    ("routes", "rules"),
    ("routes", "modifiers"),
    ("routes", "tie_breaks"),
    ("priorities",),
)


def diff_documents(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the changes as {path, kind: added|removed|changed|reordered, id, before, after}, in document order."""
    changes: list[dict[str, Any]] = []
    for path in LISTS:
        changes.extend(_diff_list(".".join(path), _at(old, path), _at(new, path)))
    listed = set(LISTS)
    for path in sorted({*_leaves(old), *_leaves(new)} - listed):
        before, after = _at(old, path), _at(new, path)
        if before != after and path != ("version",):
            changes.append(_change(".".join(path), "changed", ".".join(path), before, after))
    return changes


def _diff_list(path: str, old: Any, new: Any) -> list[dict[str, Any]]:
    before, after = _by_id(old), _by_id(new)
    changes = []
    for name in after:
        if name not in before:
            changes.append(_change(path, "added", name, None, after[name]))
        elif before[name] != after[name]:
            changes.append(_change(path, "changed", name, before[name], after[name]))
    changes.extend(_change(path, "removed", name, before[name], None) for name in before if name not in after)
    kept_before = [name for name in before if name in after]
    kept_after = [name for name in after if name in before]
    if kept_before != kept_after:
        changes.append(_change(path, "reordered", "", kept_before, kept_after))
    return changes


def _by_id(listed: Any) -> dict[str, Any]:
    if not isinstance(listed, list):
        return {} if listed is None else {"": listed}
    return {
        str(entry.get("id", f"#{place}")) if isinstance(entry, Mapping) else f"#{place}": entry
        for place, entry in enumerate(listed)
    }


def _leaves(document: Mapping[str, Any]) -> set[tuple[str, ...]]:
    """The paths compared as a whole: the document's own keys, and one level under `routes`."""
    paths: set[tuple[str, ...]] = set()
    for key, value in document.items():
        if key == "routes" and isinstance(value, Mapping):
            paths |= {(key, inner) for inner in value}
        else:
            paths.add((key,))
    return paths


def _at(document: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def _change(path: str, kind: str, name: str, before: Any, after: Any) -> dict[str, Any]:
    return {"path": path, "kind": kind, "id": name, "before": before, "after": after}

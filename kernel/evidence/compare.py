"""The difference between two protocol documents, part by part and clause by clause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

#: Lists whose entries are matched by id, wherever they stand in the list.
_BY_ID: Final = ("id", "if_dx")
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One place that differs. ``change`` is added, removed, changed or moved."""

    path: str
    change: str
    before: Any = None
    after: Any = None

    def to_json(self) -> dict[str, Any]:
        return {"path": self.path, "change": self.change, "before": self.before, "after": self.after}


def compare_documents(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Every difference, in the order of the newer document; none for equal documents.

    Entries with an id are matched by it, so that a rule put elsewhere is moved and not two changes.
    """
    return tuple(_differences(before, after, ""))


def _differences(before: Any, after: Any, path: str) -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*after, *(key for key in before if key not in after)]:
            here = f"{path}.{key}" if path else str(key)
            yield from _pair(before.get(key, _ABSENT), after.get(key, _ABSENT), here)
    elif isinstance(before, list) and isinstance(after, list):
        old, new = _keyed(before), _keyed(after)
        if old is not None and new is not None:
            yield from _keyed_lists(old, new, path)
        elif path == "routes.order" and before != after:
            # One route more in the middle is one change, not a change of every place after it.
            yield Difference(path, "changed", before, after)
        else:
            for place in range(max(len(before), len(after))):
                yield from _pair(_at(before, place), _at(after, place), f"{path}[{place}]")
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield Difference(path, "changed", before, after)


def _pair(before: Any, after: Any, path: str) -> Iterator[Difference]:
    if before is _ABSENT:
        yield Difference(path, "added", None, after)
    elif after is _ABSENT:
        yield Difference(path, "removed", before, None)
    else:
        yield from _differences(before, after, path)


def _keyed_lists(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Difference]:
    for key, entry in new.items():
        yield from _pair(old.get(key, _ABSENT), entry, f"{path}[{key}]")
    for key, entry in old.items():
        if key not in new:
            yield Difference(f"{path}[{key}]", "removed", entry, None)
    kept_before = [key for key in old if key in new]
    kept_after = [key for key in new if key in old]
    if kept_before != kept_after:
        yield Difference(path, "moved", kept_before, kept_after)


def _keyed(entries: list[Any]) -> dict[str, Any] | None:
    """Entries by their id, or None when some have none or share one."""
    found: dict[str, Any] = {}
    for entry in entries:
        name = (
            next((entry[key] for key in _BY_ID if key in entry), None) if isinstance(entry, Mapping) else None
        )
        key = "+".join(map(str, name)) if isinstance(name, list) else name
        if not isinstance(key, str) or key in found:
            return None
        found[key] = entry
    return found


def _at(entries: list[Any], place: int) -> Any:
    return entries[place] if place < len(entries) else _ABSENT

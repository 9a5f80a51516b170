"""Sealed values for lists: one that cannot be read is told as such, and the rest of the list is still there."""

from collections.abc import Mapping
from typing import Any

from kernel.keyring import UnreadableField
from kernel.logs import log
from kernel.personal import open_json


def read_sealed(sealed: Mapping[str, tuple[bytes | None, str]]) -> tuple[dict[str, Any], list[str]]:
    """Open each (bytes, place) by its name; return the values, None where there is none, and the names not readable."""
    values: dict[str, Any] = {}
    unreadable = []
    for name, (stored, place) in sealed.items():
        try:
            values[name] = None if stored is None else open_json(stored, place)
        except UnreadableField:
            log().error("field_unreadable", place=place)
            values[name] = None
            unreadable.append(name)
    return values, unreadable

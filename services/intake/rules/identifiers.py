"""Identifiers as FHIR has them: a value within a system. Equal or different is a question within one system only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Indexes:
    """Blind indexes of an identifier's system and of its folded value: enough to tell equal from different."""

    system: bytes
    value: bytes


def folded(value: str) -> str:
    """A value as it is compared: letter case, spaces, dots and hyphens do not make another number, zeros do."""
    return "".join(c for c in value.casefold() if c.isalnum())


def compare(ours: Iterable[Indexes], theirs: Iterable[Indexes]) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """The systems (by index) in which two people have the same value, and those in which they have different ones.

    A person of several merged records may have more than one value in a system: one that agrees is the same.
    """
    mine, known = by_system(ours), by_system(theirs)
    shared = mine.keys() & known.keys()
    same = frozenset(system for system in shared if mine[system] & known[system])
    return same, frozenset(shared) - same


def by_system(indexes: Iterable[Indexes]) -> Mapping[bytes, set[bytes]]:
    """The values of each system."""
    found: dict[bytes, set[bytes]] = {}
    for one in indexes:
        found.setdefault(one.system, set()).add(one.value)
    return found

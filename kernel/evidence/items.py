"""The parts of a protocol that can fire: flags, routing rules, modifiers, and what the routing needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Flag:
    """A red flag. ``action`` is a letter of the document or None; ``to`` a route it asks for."""

    id: str
    slot: int
    action: str | None
    priority: str | None
    to: str | None
    blocks: tuple[str, ...]
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """A routing rule. ``raises`` are priorities it takes while a further condition holds."""

    id: str
    slot: int
    route: str
    priority: str
    raises: tuple[tuple[str, int], ...]
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Modifier:
    """A remark for staff that never changes route or priority: ``add`` names it."""

    id: str
    slot: int
    add: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A condition that makes the priority one class more urgent."""

    id: str
    slot: int


@dataclass(frozen=True, slots=True)
class ReviewCause:
    """Why a person must choose the route.

    ``kind`` is condition, no_rule, flag_names_route or flag_bars_route.
    """

    id: str
    kind: str
    slot: int = -1
    actions: frozenset[str] = frozenset()
    excepted: frozenset[str] = frozenset()
    never_primary: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TieBreak:
    """When every diagnosis of ``if_dx`` is in the result, ``primary`` wins over the order of routes."""

    if_dx: tuple[str, ...]
    slots: tuple[int, ...]
    primary: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Routing:
    """Routes and priorities of a document, most urgent first, and how one is chosen."""

    order: tuple[str, ...]
    priorities: tuple[str, ...]
    action_route: Mapping[str, str | None]
    action_priority: Mapping[str, str | None]
    fallback_route: str
    fallback_priority: str
    upgrades_stop_at: str
    reviews: tuple[ReviewCause, ...]
    tie_breaks: tuple[TieBreak, ...]
    upgrades: tuple[Upgrade, ...]

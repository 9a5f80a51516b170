"""A decision: the route, why, what stays unknown, and the tree of clauses behind it. JSON-able."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a patient goes and how soon, with what decided it."""

    route: str
    priority: str
    secondary: tuple[str, ...]
    insufficient_data: bool
    #: Why this route: ``by`` is flag_action, review, tie_break or order; ``of`` the ids behind it.
    route_because: Mapping[str, Any]
    #: ``base`` priority, the ids that set it, and the ids of the upgrades applied.
    priority_because: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """The result of one evaluation. Suggestion only: a person confirms every route."""

    protocol_id: str
    protocol_version: str
    outcome: Outcome
    diagnoses: tuple[Mapping[str, Any], ...]
    red_flags: tuple[Mapping[str, Any], ...]
    rules: tuple[Mapping[str, Any], ...]
    modifiers: tuple[Mapping[str, Any], ...]
    blocks: tuple[str, ...]
    unknown: tuple[Mapping[str, Any], ...]
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def route(self) -> str:
        return self.outcome.route

    @property
    def priority(self) -> str:
        return self.outcome.priority

    @property
    def secondary(self) -> tuple[str, ...]:
        return self.outcome.secondary

    @property
    def insufficient_data(self) -> bool:
        return self.outcome.insufficient_data

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, evidence included."""
        return {**self.summary(), "evidence": self.evidence}

    def summary(self) -> dict[str, Any]:
        """Plain JSON values without the evidence tree."""
        return {
            "protocol": {"id": self.protocol_id, "version": self.protocol_version},
            "route": self.outcome.route,
            "priority": self.outcome.priority,
            "secondary": list(self.outcome.secondary),
            "diagnoses": list(self.diagnoses),
            "red_flags": list(self.red_flags),
            "rules": list(self.rules),
            "modifiers": list(self.modifiers),
            "blocks": list(self.blocks),
            "unknown": list(self.unknown),
            "insufficient_data": self.outcome.insufficient_data,
            "route_because": dict(self.outcome.route_because),
            "priority_because": dict(self.outcome.priority_because),
        }

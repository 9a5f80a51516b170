"""Evaluate answers under a protocol version, keeping apart the answers it cannot take."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernel.evidence import Decision, evaluate
from services.referral.queries.protocols import PublishedProtocol


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision and what was left out of it: `refused_fields` are {field, code}, never values."""

    decision: Decision
    refused_fields: list[dict[str, str]]

    def body(self) -> dict[str, Any]:
        """The JSON kept with the decision."""
        return {**self.decision.to_json(), "refused_fields": self.refused_fields, "near_misses": []}


def decide_route(published: PublishedProtocol, answers: Mapping[str, Any]) -> Decided:
    """Return the decision for `answers`. A refused answer counts as unknown and is named, so no patient is lost."""
    protocol = published.protocol
    typed, errors = protocol.check_answers(answers)
    refused = [{"field": error.field, "code": error.code} for error in errors]
    return Decided(evaluate(protocol, typed), refused)

"""Evaluate answers under a protocol version, with what is nearly true and what should be asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernel.evidence import Decision, Protocol, evaluate
from kernel.evidence.near_misses import NearMiss, near_misses
from kernel.evidence.questions import unknowns_that_matter
from services.referral.queries.protocols import PublishedProtocol


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision and what belongs beside it.

    `refused_fields` are {field, code}, never values. `near_misses`: one answer away from another route or a higher
    priority.
    """

    decision: Decision
    refused_fields: list[dict[str, str]]
    near_misses: tuple[NearMiss, ...]

    def body(self) -> dict[str, Any]:
        """The JSON kept with the decision."""
        return {
            **self.decision.to_json(),
            "refused_fields": self.refused_fields,
            "near_misses": [miss.to_json() for miss in self.near_misses],
        }


def decide_route(
    published: PublishedProtocol, answers: Mapping[str, Any], recorded: Mapping[str, Any] | None = None
) -> Decided:
    """Return the decision for `answers`. A refused answer counts as unknown and is named, so no patient is lost.

    `recorded` is what the record knows beside them (`rules/recorded_days.py`): taken where this version of the protocol
    asks for it and nothing was answered.
    """
    protocol = published.protocol
    known = {name: value for name, value in (recorded or {}).items() if name in protocol.variables}
    typed, errors = protocol.check_answers({**known, **answers})
    return Decided(
        decision=evaluate(protocol, typed),
        refused_fields=[{"field": error.field, "code": error.code} for error in errors],
        near_misses=near_misses(protocol, typed),
    )


def questions_to_ask(protocol: Protocol, answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the unanswered questions whose answer could change the result, most urgent first.

    The version and the answers are kept, so this is worked out when someone looks and not for every submission.
    """
    typed, _ = protocol.check_answers(answers)
    return [question.to_json() for question in unknowns_that_matter(protocol, typed)]

"""Evaluate answers under a protocol version, with what is nearly true and what should be asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kernel.evidence import Decision, evaluate
from kernel.evidence.near_misses import NearMiss, near_misses
from kernel.evidence.questions import Question, unknowns_that_matter
from services.referral.queries.protocols import PublishedProtocol


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision and what belongs beside it.

    `refused_fields` are {field, code}, never values. `near_misses`: one answer away from another route or a higher
    priority. `questions`: unanswered, and the answer could change the result.
    """

    decision: Decision
    refused_fields: list[dict[str, str]]
    near_misses: tuple[NearMiss, ...]
    questions: tuple[Question, ...]

    def body(self) -> dict[str, Any]:
        """The JSON kept with the decision."""
        return {
            **self.decision.to_json(),
            "refused_fields": self.refused_fields,
            "near_misses": [miss.to_json() for miss in self.near_misses],
            "questions": [question.to_json() for question in self.questions],
        }


def decide_route(published: PublishedProtocol, answers: Mapping[str, Any]) -> Decided:
    """Return the decision for `answers`. A refused answer counts as unknown and is named, so no patient is lost."""
    protocol = published.protocol
    typed, errors = protocol.check_answers(answers)
    return Decided(
        decision=evaluate(protocol, typed),
        refused_fields=[{"field": error.field, "code": error.code} for error in errors],
        near_misses=near_misses(protocol, typed),
        questions=unknowns_that_matter(protocol, typed),
    )

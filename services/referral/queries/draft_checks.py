"""What stands between a draft and publishing: faults of the document, findings of the linter, failing cases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.evidence import Protocol, ProtocolError, compile_protocol
from kernel.evidence.errors import Problem
from kernel.evidence.golden import GoldenResult, run_golden_cases
from kernel.evidence.lint import lint
from services.referral.model.protocol import AskedVariables, ProtocolVersion
from services.referral.model.protocol_life import GoldenCaseRow
from services.referral.queries.golden_cases import golden_cases, retired_golden_cases
from services.referral.queries.protocols import PublishedProtocol, protocol_of_number


@dataclass(frozen=True, slots=True)
class DraftChecks:
    """`problems`: the document does not compile (then nothing else was checked). A finding is `new` when the version
    the draft began from does not have it; `retired` are golden cases that version was asked and the draft is not."""

    protocol: Protocol | None
    problems: Sequence[Problem]
    findings: Sequence[Mapping[str, Any]]
    results: Sequence[GoldenResult]
    retired: Sequence[GoldenCaseRow]

    @property
    def failing(self) -> list[GoldenResult]:
        """The golden cases the draft fails."""
        return [result for result in self.results if not result.passed]

    @property
    def blocking_findings(self) -> list[Mapping[str, Any]]:
        """Findings that refuse publishing whatever anyone says."""
        return [finding for finding in self.findings if finding.get("severity") == "error"]


def check_draft(session: Session, document: Mapping[str, Any], base_number: int) -> DraftChecks:
    """Compile the document, lint it beside the version it began from, and run every golden case against it."""
    try:
        protocol = compile_protocol(document)
    except ProtocolError as error:
        return DraftChecks(None, error.problems, (), (), ())
    results = run_golden_cases(protocol, golden_cases(session))
    asked = asked_variables(session)
    known = _known_findings(protocol_of_number(session, base_number), asked)
    findings = [
        {**finding.to_json(), "new": (finding.code, finding.items, finding.message) not in known}
        for finding in lint(protocol, asked)
    ]
    published = select(ProtocolVersion.published_at).where(ProtocolVersion.number == base_number)
    retired = retired_golden_cases(session, session.scalars(published).first())
    return DraftChecks(protocol, (), findings, results, retired)


@lru_cache(maxsize=4)
def _known_findings(
    base: PublishedProtocol, asked: frozenset[str]
) -> frozenset[tuple[str, tuple[str, ...], str]]:
    """What the linter says of a published version; neither it nor what a questionnaire asks changes often."""
    return frozenset((one.code, one.items, one.message) for one in lint(base.protocol, asked))


def asked_variables(session: Session) -> frozenset[str]:
    """Every variable some published questionnaire asks."""
    return frozenset(name for names in session.scalars(select(AskedVariables.variables)) for name in names)

"""What stands between a draft and publishing: faults of the document, findings of the linter, failing cases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.evidence import Protocol, ProtocolError, compile_protocol
from kernel.evidence.errors import Problem
from kernel.evidence.golden import GoldenResult, run_golden_cases
from kernel.evidence.lint import lint
from services.referral.model.protocol import AskedVariables
from services.referral.queries.golden_cases import golden_cases


@dataclass(frozen=True, slots=True)
class DraftChecks:
    """`problems`: the document does not compile (then nothing else was checked)."""

    protocol: Protocol | None
    problems: Sequence[Problem]
    findings: Sequence[Mapping[str, Any]]
    results: Sequence[GoldenResult]

    @property
    def failing(self) -> list[GoldenResult]:
        """The golden cases the draft fails."""
        return [result for result in self.results if not result.passed]

    @property
    def blocking_findings(self) -> list[Mapping[str, Any]]:
        """Findings that refuse publishing whatever anyone says."""
        return [finding for finding in self.findings if finding.get("severity") == "error"]


def check_draft(session: Session, document: Mapping[str, Any]) -> DraftChecks:
    """Compile the document, lint it, and run every golden case against it."""
    try:
        protocol = compile_protocol(document)
    except ProtocolError as error:
        return DraftChecks(None, error.problems, (), ())
    results = run_golden_cases(protocol, golden_cases(session))
    findings = [finding.to_json() for finding in lint(protocol, asked_variables(session))]
    return DraftChecks(protocol, (), findings, results)


def asked_variables(session: Session) -> frozenset[str]:
    """Every variable some published questionnaire asks."""
    return frozenset(name for names in session.scalars(select(AskedVariables.variables)) for name in names)

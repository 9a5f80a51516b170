"""Put a draft in force: a second person approves, and every golden case passes or is overridden with a reason."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from kernel.web.problems import FieldProblem, Problem, conflict, invalid
from services.referral.actions.carry_overlays import carry_overlays
from services.referral.actions.publish_protocol import lock_publishing, publish_protocol
from services.referral.actions.publish_shipped_protocol import publish_shipped_protocol
from services.referral.actions.start_draft import stale
from services.referral.model.protocol import ProtocolVersion
from services.referral.model.protocol_life import ProtocolDraft, PublishingRecord
from services.referral.queries.draft_checks import DraftChecks, check_draft

SHORTEST_REASON = 20
MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class Published:
    """The new version and what was checked."""

    version: ProtocolVersion
    checks: DraftChecks


def publish_draft(
    session: Session, actor: Actor, draft: ProtocolDraft, *, override_reason: str = ""
) -> Published:
    """Publish `draft` (locked by the caller) as the next version. The protocol in force stays until this commits.

    Refused: 409 `second_person` for the author and everyone who changed it, `stale`, `draft_ended`,
    `golden_cases_fail` without an override reason of 20 characters, `overlay_conflict` when a site's overlay does not
    fit any more; 422 with every fault of the document.
    """
    lock_publishing(session)
    current = publish_shipped_protocol(session)
    if draft.state != "open":
        raise conflict("draft_ended", "This draft was published or discarded already.")
    # `changed_by` too: code of the version before, still running while a new one is put in place, writes only that.
    if actor.id in (draft.author_id, draft.changed_by, *draft.editors):
        raise conflict(
            "second_person",
            "Whoever wrote or changed a draft cannot publish it. Ask a second clinician to approve it.",
        )
    if draft.base_number != current.number:
        raise stale(current)
    document = {**draft.document, "version": _next_version(session, draft, current.number + 1)}
    checks = check_draft(session, document, draft.base_number)
    if checks.problems:
        raise invalid(
            [
                FieldProblem(f"document.{fault.path}", fault.code, fault.message)
                for fault in checks.problems[:MOST_LISTED]
            ],
            "The document has faults. The protocol in force stays as it was.",
        )
    if checks.blocking_findings:
        raise conflict(
            "lint_errors",
            "The linter found rules that cannot stand. The protocol in force stays as it was.",
            findings=[dict(finding) for finding in checks.blocking_findings[:MOST_LISTED]],
        )
    failing = [result.case.id for result in checks.failing]
    if failing and len(override_reason.strip()) < SHORTEST_REASON:
        raise _cases_fail(failing)
    retired = [row.code for row in checks.retired]
    version = publish_protocol(session, actor, document)
    carry_overlays(session, actor, version)
    session.add(
        PublishingRecord(
            number=version.number,
            draft_id=draft.id,
            proposed_by=draft.changed_by,
            approved_by=actor.id,
            override_reason=override_reason.strip() if failing else "",
            failing_cases=failing,
            retired_cases=retired,
            findings=len(checks.findings),
        )
    )
    draft.state = "published"
    draft.version += 1
    draft.published_number = version.number
    record(
        session,
        actor,
        "approve_draft",
        "protocol_draft",
        draft.id,
        reason="golden_cases_overridden" if failing else "",
        details={
            "number": version.number,
            "failing": failing[:MOST_LISTED],
            "retired": retired[:MOST_LISTED],
        },
    )
    return Published(version, checks)


def _cases_fail(failing: list[str]) -> Problem:
    return conflict(
        "golden_cases_fail",
        "Golden cases fail under this draft. Correct it, or publish with a reason of at least 20 characters.",
        failing=failing[:MOST_LISTED],
        failing_count=len(failing),
    )


def _next_version(session: Session, draft: ProtocolDraft, number: int) -> str:
    """The draft's own version word when it is new, else the number."""
    wanted = draft.document.get("version")
    taken = set(session.scalars(select(ProtocolVersion.version)))
    if isinstance(wanted, str) and wanted and wanted not in taken:
        return wanted
    return next(
        word for word in (str(number), *(f"{number}.{i}" for i in range(1, 1000))) if word not in taken
    )

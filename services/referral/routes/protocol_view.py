"""Protocol versions, drafts, checks and replays as JSON."""

from collections.abc import Iterable
from typing import Any

from kernel.evidence.golden import GoldenResult
from services.referral.model.protocol import ProtocolVersion
from services.referral.model.protocol_life import (
    GoldenCaseRow,
    ProtocolDraft,
    PublishingRecord,
    Replay,
    ReplayChange,
)
from services.referral.queries.draft_checks import DraftChecks
from services.referral.routes.referral_view import moment


def version_json(
    version: ProtocolVersion, published: PublishingRecord | None, *, current: int
) -> dict[str, Any]:
    """A published version without its document."""
    return {
        "number": version.number,
        "version": version.version,
        "in_force": version.number == current,
        "digest": version.digest.hex(),
        "published_at": moment(version.published_at),
        "published_by": version.published_by,
        "proposed_by": published.proposed_by if published else "",
        "approved_by": published.approved_by if published else "",
        "override_reason": published.override_reason if published else "",
        "failing_cases": list(published.failing_cases) if published else [],
        "retired_cases": list(published.retired_cases) if published else [],
    }


def draft_json(draft: ProtocolDraft, *, current: int) -> dict[str, Any]:
    """A draft without its document."""
    return {
        "id": str(draft.id),
        "title": draft.title,
        "base_number": draft.base_number,
        "stale": draft.state == "open" and draft.base_number != current,
        "state": draft.state,
        "version": draft.version,
        "author": {"id": draft.author_id, "name": draft.author_name},
        "created_at": moment(draft.created_at),
        "changed_at": moment(draft.changed_at),
        "changed_by": draft.changed_by,
        "editors": list(draft.editors),
        "published_number": draft.published_number,
    }


def checks_json(checks: DraftChecks) -> dict[str, Any]:
    """Faults, findings and golden cases of a draft; `ready` when nothing keeps it from being published."""
    failing = checks.failing
    return {
        "ready": checks.protocol is not None and not failing and not checks.blocking_findings,
        "problems": [
            {"path": p.path, "code": p.code, "message": p.message, "line": p.line} for p in checks.problems
        ],
        "findings": [dict(finding) for finding in checks.findings],
        "golden": {
            "total": len(checks.results),
            "passed": len(checks.results) - len(failing),
            "failing": list(_failing(failing)),
            "retired": [
                {"code": row.code, "title": row.title, **retired_json(row)} for row in checks.retired
            ],
        },
    }


def retired_json(row: GoldenCaseRow) -> dict[str, Any]:
    """When a golden case was retired, by whom and for which coded reason; None and "" while it is asked."""
    return {
        "retired_at": moment(row.retired_at),
        "retired_by": row.retired_by or None,
        "retired_reason": row.retired_reason,
    }


def _failing(results: Iterable[GoldenResult]) -> Iterable[dict[str, Any]]:
    for result in results:
        yield {
            "code": result.case.id,
            "name": result.case.name,
            "title": result.case.title,
            "differences": {
                field: {"expected": expected, "found": found}
                for field, (expected, found) in result.differences.items()
            },
        }


def replay_json(replay: Replay, changes: list[ReplayChange]) -> dict[str, Any]:
    """A replay with its progress and what has been found so far."""
    return {
        "id": str(replay.id),
        "draft_id": str(replay.draft_id),
        "draft_version": replay.draft_version,
        "days": replay.days,
        "state": {"due": "waiting" if replay.done == 0 else "running", "leased": "running"}.get(
            replay.state, replay.state
        ),
        "done": replay.done,
        "total": replay.total,
        "requested_at": moment(replay.requested_at),
        "finished_at": moment(replay.finished_at),
        **{key: replay.tally[key] for key in ("before", "after", "sites", "changed", "lost_emergencies")},
        "capacity": replay.tally.get("capacity", []),
        "overlays_left_out": replay.tally.get("overlays_left_out", []),
        "changes": [
            {
                "id": str(change.id),
                "referral_id": str(change.referral_id),
                "from": {"route": change.from_route, "priority": change.from_priority},
                "to": {"route": change.to_route, "priority": change.to_priority},
                "lost_emergency": change.lost_emergency,
                "site": change.site,
                "gains": list(change.gains),
                "loses": list(change.loses),
            }
            for change in changes
        ],
    }

"""How often staff overrule each rule, and why."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

BY_RULE = """
SELECT rule AS rule_id, count(*) AS reviewed,
    count(*) FILTER (WHERE outcome = 'redirect') AS redirected,
    count(*) FILTER (WHERE outcome = 'decline') AS declined,
    count(*) FILTER (WHERE outcome = 'redirect' AND to_route <> from_route) AS other_route,
    count(*) FILTER (WHERE outcome = 'redirect' AND to_priority <> from_priority) AS other_priority
FROM triage_review, unnest(rule_ids) AS rule WHERE at >= :since AND at < :until
    AND outcome IN ('accept', 'redirect', 'decline')
GROUP BY rule ORDER BY count(*) FILTER (WHERE outcome = 'redirect') DESC, rule
"""
REASONS = """
SELECT rule AS rule_id, reason_code, from_route, to_route, count(*) AS many
FROM triage_review, unnest(rule_ids) AS rule
WHERE at >= :since AND at < :until AND outcome = 'redirect'
GROUP BY rule, reason_code, from_route, to_route ORDER BY rule, many DESC, reason_code
"""
BY_REVIEWER = """
SELECT reviewer_id, reviewer_role, count(*) AS reviewed,
    count(*) FILTER (WHERE outcome = 'accept') AS accepted,
    count(*) FILTER (WHERE outcome = 'redirect') AS redirected,
    count(*) FILTER (WHERE outcome = 'ask') AS asked,
    count(*) FILTER (WHERE outcome = 'defer') AS deferred,
    count(*) FILTER (WHERE outcome = 'decline') AS declined
FROM triage_review WHERE at >= :since AND at < :until
GROUP BY reviewer_id, reviewer_role ORDER BY reviewed DESC, reviewer_id
"""


def override_report(session: Session, since: datetime, until: datetime) -> dict[str, Any]:
    """Reviews of [since, until) by rule (with the reasons given) and by reviewer."""
    period = {"since": since, "until": until}
    rules = _rows(session.execute(text(BY_RULE), period).mappings().all())
    reasons = _rows(session.execute(text(REASONS), period).mappings().all())
    for rule in rules:
        rule["override_share"] = round(rule["redirected"] / rule["reviewed"], 4)
        rule["reasons"] = [
            {key: row[key] for key in ("reason_code", "from_route", "to_route", "many")}
            for row in reasons
            if row["rule_id"] == rule["rule_id"]
        ]
    reviewers = _rows(session.execute(text(BY_REVIEWER), period).mappings().all())
    return {"rules": rules, "reviewers": reviewers}


def _rows(found: Sequence[RowMapping]) -> list[dict[str, Any]]:
    return [dict(row) for row in found]

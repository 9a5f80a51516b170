"""Planned = sent + waiting + not known + reasoned: the count, and the rows behind any difference."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

# "unknown" is neither: whether such a message was sent, nobody can say.
PARTS = ("sent", "waiting", "unknown", "reasoned")
BY_STEP = """
SELECT step, channel, count(*) AS planned,
    count(*) FILTER (WHERE state IN ('sent', 'delivered')) AS sent,
    count(*) FILTER (WHERE state IN ('due', 'sending')) AS waiting,
    count(*) FILTER (WHERE state = 'unknown') AS unknown,
    count(*) FILTER (WHERE state IN ('failed', 'suppressed', 'expired', 'held') AND reason <> '') AS reasoned
FROM planned_message WHERE created_at >= :since GROUP BY step, channel ORDER BY step, channel
"""
# Each difference is one kind of lie a message can tell.
DIFFERENCES = """
WITH odd AS (
    SELECT id, 'no_reason' AS why FROM planned_message
    WHERE created_at >= :since AND state IN ('failed', 'suppressed', 'expired', 'held') AND reason = ''
    UNION ALL
    SELECT id, 'overdue' FROM planned_message
    WHERE state = 'due' AND due_at < CAST(:now AS timestamptz) - interval '15 minutes'
    UNION ALL
    SELECT id, 'stuck_sending' FROM planned_message
    WHERE state = 'sending' AND lease_until < now() - interval '1 minute'
    UNION ALL
    SELECT m.id, 'sent_without_acceptance' FROM planned_message m
    WHERE m.created_at >= :since AND m.state IN ('sent', 'delivered') AND NOT EXISTS (
        SELECT 1 FROM send_attempt s WHERE s.message_id = m.id AND s.provider_message_id IS NOT NULL)
    UNION ALL
    SELECT m.id, 'accepted_twice' FROM planned_message m
    WHERE m.created_at >= :since AND 1 < (
        SELECT count(*) FROM send_attempt s WHERE s.message_id = m.id AND s.provider_message_id IS NOT NULL))
SELECT m.id, m.patient_id, m.appointment_id, m.step, m.channel, m.state, m.reason, m.due_at AS at, odd.why
FROM odd JOIN planned_message m ON m.id = odd.id
UNION ALL
SELECT a.id, a.patient_id, a.id, '', '', a.state, '', a.starts_at, 'visit_without_messages' FROM appointment a
WHERE a.state = 'booked' AND a.starts_at > :now AND a.changed_at >= :since AND NOT EXISTS (
    SELECT 1 FROM planned_message m WHERE m.appointment_id = a.id AND m.appointment_version = a.version)
LIMIT 200
"""
IDS = ("id", "patient_id", "appointment_id")


def reconcile(session: Session, now: Any, since: Any) -> dict[str, Any]:
    """Count messages planned since `since` by step and channel, and list what does not add up (at most 200 rows)."""
    lines = [dict(row._mapping) for row in session.execute(text(BY_STEP), {"since": since})]
    for line in lines:
        line["difference"] = line["planned"] - sum(line[name] for name in PARTS)
    rows = session.execute(text(DIFFERENCES), {"since": since, "now": now})
    differences = [
        dict(row._mapping) | {name: str(value) for name in IDS if (value := row._mapping[name])}
        for row in rows
    ]
    totals = {name: sum(line[name] for line in lines) for name in ("planned", *PARTS)}
    return {"totals": totals, "lines": lines, "differences": differences, "adds_up": not differences}

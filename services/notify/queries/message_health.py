"""How sending goes: what is due, late, stuck, and when something last went out."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.notify.queries.sending_gate import sending_gate
from services.notify.rules.receipts import FORGED_ALARM_A_MINUTE

SILENCE_SECONDS = 600
SUMMARY = """
SELECT
    (SELECT count(*) FROM planned_message WHERE state = 'due' AND due_at <= :now) AS due_now,
    (SELECT count(*) FROM planned_message WHERE state = 'due' AND due_at > :now AND due_at <= :now + interval '1 day')
        AS due_within_a_day,
    (SELECT extract(epoch FROM :now - min(due_at)) FROM planned_message WHERE state = 'due' AND due_at <= :now)
        AS oldest_due_seconds,
    (SELECT count(*) FROM planned_message WHERE state = 'sending') AS sending,
    (SELECT count(*) FROM planned_message WHERE state = 'unknown' AND reason <> 'unknown_at_visit')
        AS unknown,
    (SELECT max(settled_at) FROM send_attempt WHERE outcome = 'accepted' AND settled_at > now() - interval '7 days')
        AS last_accepted_at,
    (SELECT count(*) FROM planned_message WHERE state = 'due' AND reason IN
        ('quiet_hours', 'daily_cap', 'weekly_cap', 'provider_pace', 'provider_busy', 'provider_unreachable')
        AND due_at <= :now + interval '7 days') AS deferred,
    (SELECT count(*) FROM contact_point WHERE dead_at IS NOT NULL) AS dead_contacts,
    (SELECT count(*) FROM staff_item WHERE state = 'open') AS open_items,
    (SELECT count(*) FROM reply WHERE state = 'open') AS open_replies,
    (SELECT count(*) FROM event_delivery WHERE state = 'dead') AS events_dead,
    EXISTS (SELECT 1 FROM send_attempt WHERE outcome = 'accepted' AND started_at > now() - interval '10 minutes')
        AS accepted_lately,
    EXISTS (SELECT 1 FROM planned_message m WHERE m.state = 'due'
        AND m.reason IN ('provider_busy', 'provider_unreachable')
        AND EXISTS (SELECT 1 FROM send_attempt a WHERE a.message_id = m.id
            AND a.started_at < now() - make_interval(secs => :silence))) AS tried_in_vain,
    (SELECT coalesce(sum(refused), 0) FROM refused_hook WHERE minute > :now - interval '1 hour') AS refused_hour,
    (SELECT coalesce(max(refused), 0) FROM refused_hook WHERE minute > :now - interval '1 hour') AS refused_minute
"""
TODAY = """
SELECT CASE reason WHEN 'unknown_at_visit' THEN 'never_known' ELSE to_state END AS state, count(*) AS n
FROM message_move
WHERE at > :since AND to_state IN ('sent', 'delivered', 'failed', 'suppressed', 'expired', 'held', 'unknown')
GROUP BY 1
"""
# Events of which one side does not know any more, found when sending was paused or since.
LOST = """
SELECT service, sent_by_us, count(*) AS events FROM lost_event WHERE found_at >= :since GROUP BY 1, 2 ORDER BY 1, 2
"""


def message_health(session: Session, at: datetime, since: datetime) -> dict[str, Any]:
    """Counts now, and how many messages came to each state since `since`."""
    row = session.execute(text(SUMMARY), {"now": at, "silence": SILENCE_SECONDS}).one()
    moved = {line.state: line.n for line in session.execute(text(TODAY), {"since": since})}
    oldest = row.oldest_due_seconds
    return {
        "due_now": row.due_now,
        "due_within_a_day": row.due_within_a_day,
        "oldest_due_seconds": round(max(0.0, float(oldest)), 1) if oldest is not None else None,
        "deferred": row.deferred,
        "dead_contacts": row.dead_contacts,
        # Messages are due and none has been taken: the alarm that a silent failure would never ring itself.
        # What a provider does not take is tried again later: by its due time alone it would never be late.
        "silence_alarm": not row.accepted_lately
        and (row.tried_in_vain or (oldest is not None and float(oldest) > SILENCE_SECONDS)),
        # Somebody who is not the provider reports in its name (FAULT-37); every one of them was refused.
        "refused_reports": int(row.refused_hour),
        "forged_alarm": row.refused_minute >= FORGED_ALARM_A_MINUTE,
        "paused": _paused(session),
        "sending": row.sending,
        "unknown": row.unknown,
        "last_accepted_at": row.last_accepted_at.isoformat() if row.last_accepted_at else None,
        "open_items": row.open_items,
        "open_replies": row.open_replies,
        "events_dead": row.events_dead,
        "last_day": moved,
    }


def _paused(session: Session) -> dict[str, Any]:
    """Whether sending is paused, since when, why and by whom; and who last let it go on."""
    gate = sending_gate(session)
    lost = session.execute(text(LOST), {"since": gate.paused_at}) if gate.paused_at else ()
    return {
        "now": gate.paused_at is not None,
        "at": gate.paused_at.isoformat() if gate.paused_at else None,
        "by": gate.paused_by,
        "reason": gate.reason,
        "lost": [dict(row._mapping) for row in lost],
        "audit_checked": gate.audit_checked_at is not None,
        "audit_broken_at": gate.audit_broken_at,
        "resumed_at": gate.resumed_at.isoformat() if gate.resumed_at else None,
        "resumed_by": gate.resumed_by,
    }

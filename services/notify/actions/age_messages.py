"""What time does to messages: doubts reach staff, doubts about past visits end, receipts that never came are noted."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from services.notify.actions.move_messages import Move, record_moves
from services.notify.actions.open_staff_item import open_staff_item

STAFF_AFTER = timedelta(minutes=15)
NO_RECEIPT_AFTER = timedelta(hours=72)
DOUBTFUL = """
SELECT m.id, m.patient_id, m.appointment_id, m.contact_point_id, m.reason FROM planned_message m
WHERE m.state = 'unknown' AND m.unknown_at <= :before
    AND NOT EXISTS (SELECT 1 FROM staff_item s WHERE s.kind = 'unknown_send' AND s.about_id = m.id)
ORDER BY m.unknown_at LIMIT 100
"""
PAST = """
UPDATE planned_message AS m SET state = 'expired', reason = 'unknown_at_visit', rung_at = NULL
FROM (SELECT p.id FROM planned_message p LEFT JOIN appointment a ON a.id = p.appointment_id
    WHERE p.state = 'unknown' AND coalesce(a.starts_at, p.expires_at) <= :now LIMIT 200 FOR UPDATE OF p SKIP LOCKED)
    AS past
WHERE m.id = past.id RETURNING m.id, m.attempt_id
"""
NO_MORE_LOOKUPS = "UPDATE send_lookup SET state = 'done' WHERE message_id = ANY(:ids) AND state <> 'done'"
SILENT = """
UPDATE planned_message AS m SET reason = 'no_receipt'
FROM (SELECT id FROM planned_message WHERE state = 'sent' AND channel = 'sms' AND reason <> 'no_receipt'
    AND sent_at <= :before AND sent_at > :oldest LIMIT 200 FOR UPDATE SKIP LOCKED) AS silent
WHERE m.id = silent.id RETURNING m.id, m.attempt_id
"""
EXPIRED_HELD = """
UPDATE planned_message AS m SET state = 'expired', reason = 'held_too_long'
FROM (SELECT id FROM planned_message WHERE state = 'held' AND expires_at <= :now LIMIT 200
    FOR UPDATE SKIP LOCKED) AS past
WHERE m.id = past.id RETURNING m.id
"""


def open_doubts(session: Session) -> int:
    """Open a staff item for every send in doubt for fifteen minutes; return how many are new."""
    rows = session.execute(text(DOUBTFUL), {"before": now(session) - STAFF_AFTER}).all()
    return sum(
        open_staff_item(
            session,
            "unknown_send",
            row.id,
            patient_id=row.patient_id,
            appointment_id=row.appointment_id,
            contact_point_id=row.contact_point_id,
            code=row.reason,
        )
        for row in rows
    )


def end_past_doubts(session: Session) -> int:
    """Expire sends still in doubt when their visit starts: knowing would change nothing any more."""
    at = now(session)
    rows = session.execute(text(PAST), {"now": at}).all()
    if rows:
        session.execute(text(NO_MORE_LOOKUPS), {"ids": [row.id for row in rows]})
        moves = [Move(row.id, "unknown", "expired", "unknown_at_visit", row.attempt_id) for row in rows]
        record_moves(session, moves, at)
    return len(rows)


def end_held(session: Session) -> int:
    """Expire held messages nobody released while they were of use."""
    at = now(session)
    rows = session.execute(text(EXPIRED_HELD), {"now": at}).all()
    record_moves(session, [Move(row.id, "held", "expired", "held_too_long") for row in rows], at)
    return len(rows)


def note_missing_receipts(session: Session) -> int:
    """Say of texts sent three days ago that no receipt ever came; a later one still counts."""
    at = now(session)
    values = {"before": at - NO_RECEIPT_AFTER, "oldest": at - NO_RECEIPT_AFTER - timedelta(days=7)}
    rows = session.execute(text(SILENT), values).all()
    record_moves(session, [Move(row.id, "sent", "sent", "no_receipt", row.attempt_id) for row in rows], at)
    return len(rows)

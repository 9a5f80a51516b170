"""A text without a receipt is not called delivered."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from services.notify.actions.record_moves import Move, record_moves

NO_RECEIPT_AFTER = timedelta(hours=72)
SILENT = """
UPDATE planned_message AS m SET reason = 'no_receipt'
FROM (SELECT id FROM planned_message WHERE state = 'sent' AND channel = 'sms' AND reason <> 'no_receipt'
    AND sent_at <= :before AND sent_at > :oldest LIMIT 200 FOR UPDATE SKIP LOCKED) AS silent
WHERE m.id = silent.id RETURNING m.id, m.attempt_id
"""


def note_missing_receipts(session: Session) -> int:
    """Say of texts sent three days ago that no receipt ever came; a later one still counts."""
    at = now(session)
    values = {"before": at - NO_RECEIPT_AFTER, "oldest": at - NO_RECEIPT_AFTER - timedelta(days=7)}
    rows = session.execute(text(SILENT), values).all()
    record_moves(session, [Move(row.id, "sent", "sent", "no_receipt", row.attempt_id) for row in rows], at)
    return len(rows)

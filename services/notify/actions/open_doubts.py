"""A send whose end nobody saw for a quarter of an hour needs a person."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from services.notify.actions.open_staff_item import open_staff_item

STAFF_AFTER = timedelta(minutes=15)
DOUBTFUL = """
SELECT m.id, m.patient_id, m.appointment_id, m.contact_point_id, m.reason FROM planned_message m
WHERE m.state = 'unknown' AND m.unknown_at <= :before
    AND NOT EXISTS (SELECT 1 FROM staff_item s WHERE s.kind = 'unknown_send' AND s.about_id = m.id)
ORDER BY m.unknown_at LIMIT 100
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

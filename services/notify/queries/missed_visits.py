"""How often a patient did not come."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.rows import cursor

MISSED = """
SELECT count(*) AS missed FROM appointment WHERE patient_id = $1 AND state = 'no_show'
    AND starts_at > $2 AND starts_at <= $3
"""
LOOKED_BACK = timedelta(days=730)


def missed_visits(session: Session, patient_id: UUID, at: datetime) -> int:
    """Visits of the patient in the last two years that nobody came to, as they were recorded."""
    (row,) = cursor(session).execute(MISSED, [patient_id, at - LOOKED_BACK, at]).fetchall()
    return int(row.missed)

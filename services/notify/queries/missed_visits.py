"""How often a patient did not come."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

MISSED = """
SELECT count(*) FROM appointment WHERE patient_id = :patient AND state = 'no_show' AND starts_at > :since
    AND starts_at <= :now
"""
LOOKED_BACK = timedelta(days=730)


def missed_visits(session: Session, patient_id: UUID, at: datetime) -> int:
    """Visits of the patient in the last two years that nobody came to, as they were recorded."""
    values = {"patient": patient_id, "since": at - LOOKED_BACK, "now": at}
    return int(session.execute(text(MISSED), values).scalar_one())

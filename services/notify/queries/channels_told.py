"""Where a patient has heard of a visit."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

SENT = """
SELECT DISTINCT channel FROM planned_message WHERE appointment_id = :appointment
    AND state IN ('sending', 'sent', 'delivered', 'unknown')
"""


def channels_told(session: Session, appointment_id: UUID) -> list[str]:
    """The channels on which the patient has (or may have) been told about this appointment."""
    return sorted(session.scalars(text(SENT), {"appointment": appointment_id}))

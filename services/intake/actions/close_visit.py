"""Keep how a patient's visit ended."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.contracts.appointment import AppointmentCancelled, AppointmentOutcomeRecorded

# A visit heard of for the first time by its end: kept, so that the booking arriving late does not revive it.
CLOSE = """
INSERT INTO visit_view (appointment_id, patient_id, version, state)
VALUES (:appointment_id, :patient_id, :version, :state)
ON CONFLICT (appointment_id) DO UPDATE SET version = excluded.version, state = excluded.state
WHERE excluded.version >= visit_view.version
"""


def close_visit(
    session: Session, told: AppointmentCancelled | AppointmentOutcomeRecorded, state: str
) -> None:
    """Store the end of the visit unless a newer version is known."""
    session.execute(
        text(CLOSE),
        {
            "appointment_id": told.appointment_id,
            "patient_id": told.patient_id,
            "version": told.version,
            "state": state,
        },
    )

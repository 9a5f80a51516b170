"""A visit was booked, moved, cancelled or took place: the patient's status page shows it."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.contracts.appointment import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentFacts,
    AppointmentMoved,
    AppointmentOutcomeRecorded,
)
from kernel.events import Event

FOLLOW = """
INSERT INTO visit_view (appointment_id, referral_id, patient_id, version, state, starts_at, site_name, site_address,
    time_zone)
VALUES (:appointment_id, :referral_id, :patient_id, :version, 'booked', :starts_at, :site_name, :site_address,
    :time_zone)
ON CONFLICT (appointment_id) DO UPDATE SET version = excluded.version, state = excluded.state,
    starts_at = excluded.starts_at, site_name = excluded.site_name, site_address = excluded.site_address,
    time_zone = excluded.time_zone
WHERE excluded.version > visit_view.version
"""

# A visit heard of for the first time by its end: kept, so that the booking arriving late does not revive it.
CLOSE = """
INSERT INTO visit_view (appointment_id, patient_id, version, state)
VALUES (:appointment_id, :patient_id, :version, :state)
ON CONFLICT (appointment_id) DO UPDATE SET version = excluded.version, state = excluded.state
WHERE excluded.version >= visit_view.version
"""


def on_appointment_booked(session: Session, event: Event) -> None:
    """Follow a new visit."""
    _follow(session, AppointmentBooked.model_validate(event.data))


def on_appointment_moved(session: Session, event: Event) -> None:
    """Follow the newest time of a visit."""
    _follow(session, AppointmentMoved.model_validate(event.data))


def on_appointment_cancelled(session: Session, event: Event) -> None:
    """The visit will not take place."""
    told = AppointmentCancelled.model_validate(event.data)
    _close(session, told, "cancelled")


def on_appointment_outcome_recorded(session: Session, event: Event) -> None:
    """The visit took place, or did not."""
    told = AppointmentOutcomeRecorded.model_validate(event.data)
    _close(session, told, told.outcome)


def _follow(session: Session, told: AppointmentFacts) -> None:
    session.execute(
        text(FOLLOW),
        {
            "appointment_id": told.appointment_id,
            "referral_id": told.referral_id,
            "patient_id": told.patient_id,
            "version": told.version,
            "starts_at": told.starts_at,
            "site_name": told.site.name,
            "site_address": told.site.address,
            "time_zone": told.site.time_zone,
        },
    )


def _close(session: Session, told: AppointmentCancelled | AppointmentOutcomeRecorded, state: str) -> None:
    session.execute(
        text(CLOSE),
        {
            "appointment_id": told.appointment_id,
            "patient_id": told.patient_id,
            "version": told.version,
            "state": state,
        },
    )

"""Keep where and when a patient's visit is, by its version."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.contracts.appointment import AppointmentFacts

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


def follow_visit(session: Session, told: AppointmentFacts) -> None:
    """Store the visit unless a newer version is known."""
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

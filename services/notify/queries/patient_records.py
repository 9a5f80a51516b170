"""Which record a patient stands under now."""

from uuid import UUID

from sqlalchemy.orm import Session

from services.notify.model import PatientRecord


def stands_under(session: Session, patient_id: UUID) -> UUID:
    """The record `patient_id` was merged into, or itself: an event may still name the older one."""
    known = session.get(PatientRecord, patient_id)
    return patient_id if known is None else known.stands_under

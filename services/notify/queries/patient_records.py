"""Which record a patient stands under now."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notify.model import Patient, PatientRecord


def stands_under(session: Session, patient_id: UUID) -> UUID:
    """The record `patient_id` was merged into, or itself: an event may still name the older one."""
    known = session.get(PatientRecord, patient_id)
    return patient_id if known is None else known.stands_under


def known_records(session: Session, patient_id: UUID) -> Sequence[UUID]:
    """The records of a person this service has rows for: `patient_id` and those that stand under it, by id."""
    under = select(PatientRecord.patient_id).where(PatientRecord.stands_under == patient_id)
    found = select(Patient.id).where((Patient.id == patient_id) | Patient.id.in_(under)).order_by(Patient.id)
    return session.scalars(found).all()

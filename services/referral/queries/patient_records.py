"""Which record a patient stands under now."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.rows import cursor

STANDS_UNDER = "SELECT stands_under FROM patient_record WHERE patient_id = $1"


def stands_under(session: Session, patient_id: UUID) -> UUID:
    """The record `patient_id` was merged into, or itself: an event may still name the older one."""
    known = cursor(session).execute(STANDS_UNDER, [patient_id]).fetchone()
    found: UUID = patient_id if known is None else known.stands_under
    return found

"""Make a number or address the one a patient is reached at."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
from services.notify.actions.add_contact import add_contact
from services.notify.model import PatientContact


def link_contact(
    session: Session, patient_id: UUID, channel: str, address: str, *, said_at: datetime | None = None
) -> UUID:
    """Make `address` the one `patient_id` is reached at on `channel`, and return its contact point's id.

    `said_at` (default: now): one that was given later stays.
    """
    point_id = add_contact(session, channel, address)
    said = said_at or now(session)
    link = {"contact_point_id": point_id, "linked_at": said}
    session.execute(
        insert(PatientContact)
        .values(patient_id=patient_id, channel=channel, **link)
        .on_conflict_do_update(
            index_elements=["patient_id", "channel"], set_=link, where=PatientContact.linked_at <= said
        )
    )
    return point_id

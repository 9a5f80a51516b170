"""Make a number or address the one a patient is reached at."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.rows import cursor
from services.notify.actions.add_contact import add_contact

LINK = """
INSERT INTO patient_contact AS known (patient_id, channel, contact_point_id, linked_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (patient_id, channel) DO UPDATE SET contact_point_id = excluded.contact_point_id,
    linked_at = excluded.linked_at
WHERE known.linked_at <= excluded.linked_at
"""


def link_contact(
    session: Session, patient_id: UUID, channel: str, address: str, *, said_at: datetime | None = None
) -> UUID:
    """Make `address` the one `patient_id` is reached at on `channel`, and return its contact point's id.

    `said_at` (default: now): one that was given later stays.
    """
    point_id = add_contact(session, channel, address)
    cursor(session).execute(LINK, [patient_id, channel, point_id, said_at or now(session)])
    return point_id

"""How a patient can be reached now, and why not."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.rows import cursor
from services.notify.rules.cadence import CHANNELS

CONTACTS = """
SELECT l.channel, l.contact_point_id, c.opted_out_at, c.dead_at, coalesce(n.given, false) AS agreed
FROM patient_contact l JOIN contact_point c ON c.id = l.contact_point_id
LEFT JOIN consent n ON n.patient_id = l.patient_id AND n.channel = l.channel AND n.topic = $2
WHERE l.patient_id = $1
"""


@dataclass(frozen=True, slots=True)
class Contactable:
    """A patient's way to be written to on one channel; `barrier` is "" or the reason it cannot be used."""

    contact_point_id: UUID | None
    barrier: str
    opted_out_at: datetime | None = None
    dead: bool = False


def reach_of(session: Session, patient_id: UUID, topic: str = "visit") -> dict[str, Contactable]:
    """An entry for every channel: the contact point and what stands in its way for `topic`."""
    found = {channel: Contactable(None, "no_contact") for channel in CHANNELS}
    for row in cursor(session).execute(CONTACTS, [patient_id, topic]):
        barrier = "" if row.agreed else "no_consent"
        if row.opted_out_at is not None:
            barrier = "opted_out"
        elif row.dead_at is not None:
            barrier = "number_dead"
        found[row.channel] = Contactable(
            row.contact_point_id, barrier, row.opted_out_at, row.dead_at is not None
        )
    return found

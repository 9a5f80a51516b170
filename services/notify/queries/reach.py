"""How a patient can be reached now, and why not."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.notify.rules.cadence import CHANNELS

CONTACTS = """
SELECT l.channel, l.contact_point_id, c.opted_out_at, c.dead_at, coalesce(n.given, false) AS agreed
FROM patient_contact l JOIN contact_point c ON c.id = l.contact_point_id
LEFT JOIN consent n ON n.patient_id = l.patient_id AND n.channel = l.channel AND n.topic = :topic
WHERE l.patient_id = :patient
"""


@dataclass(frozen=True, slots=True)
class Contactable:
    """A patient's way to be written to on one channel; `barrier` is "" or the reason it cannot be used."""

    contact_point_id: UUID | None
    barrier: str


def reach_of(session: Session, patient_id: UUID, topic: str = "visit") -> dict[str, Contactable]:
    """An entry for every channel: the contact point and what stands in its way for `topic`."""
    asked = {"patient": patient_id, "topic": topic}
    points = {row.channel: row for row in session.execute(text(CONTACTS), asked)}
    found = {}
    for channel in CHANNELS:
        point = points.get(channel)
        if point is None:
            found[channel] = Contactable(None, "no_contact")
        elif point.opted_out_at is not None:
            found[channel] = Contactable(point.contact_point_id, "opted_out")
        elif point.dead_at is not None:
            found[channel] = Contactable(point.contact_point_id, "number_dead")
        else:
            barrier = "" if point.agreed else "no_consent"
            found[channel] = Contactable(point.contact_point_id, barrier)
    return found

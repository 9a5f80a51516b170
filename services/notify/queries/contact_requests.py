"""What a patient agreed to be written about, and what they asked staff to change."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.notify.queries.readable import read_sealed
from services.notify.rules.cadence import PATIENT_TOPICS

TOPICS = "SELECT channel, topic, given FROM consent WHERE patient_id = :patient"
REQUESTS = """
SELECT id, deed, topics, how, note_sealed, by, at FROM contact_request
WHERE patient_id = :patient AND channel = :channel ORDER BY at DESC, id DESC LIMIT 10
"""


def topics_of(session: Session, patient_id: UUID) -> dict[str, dict[str, bool]]:
    """Per channel: each topic, and whether the patient agreed to it."""
    found: dict[str, dict[str, bool]] = {}
    for row in session.execute(text(TOPICS), {"patient": patient_id}):
        if row.topic in PATIENT_TOPICS:
            found.setdefault(row.channel, {})[row.topic] = row.given
    return found


def requests_of(session: Session, patient_id: UUID, channel: str) -> list[dict[str, Any]]:
    """The latest requests about `channel`, newest first, with who took them and the patient's words."""
    rows = session.execute(text(REQUESTS), {"patient": patient_id, "channel": channel})
    return [
        {
            "deed": row.deed,
            "topics": list(row.topics),
            "how": row.how,
            "note": read_sealed({"note": (row.note_sealed, f"notify.contact_request.note_sealed.{row.id}")})[
                0
            ]["note"],
            "by": row.by,
            "at": row.at.isoformat(),
        }
        for row in rows
    ]

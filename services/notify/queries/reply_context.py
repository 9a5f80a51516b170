"""Whose number a reply came from, and which visit it can be about."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

PATIENTS = """
SELECT p.id, p.language FROM patient_contact l JOIN patient p ON p.id = l.patient_id
WHERE l.contact_point_id = :point ORDER BY p.heard_at DESC
"""
VISITS = """
SELECT a.id, a.version, a.patient_id, a.starts_at, max(m.sent_at) AS last_told
FROM appointment a JOIN planned_message m ON m.appointment_id = a.id
WHERE m.contact_point_id = :point AND a.state = 'booked' AND a.starts_at > :now
    AND m.state IN ('sending', 'sent', 'delivered', 'unknown')
GROUP BY a.id ORDER BY max(m.sent_at) DESC
"""
FOLLOWED_UP = """
SELECT appointment_id, appointment_version, patient_id FROM planned_message
WHERE contact_point_id = :point AND topic = 'follow_up' AND state IN ('sent', 'delivered', 'unknown')
    AND sent_at > :since ORDER BY sent_at DESC
"""
# A letter that follows an offer's text may be meant for the offer: nobody's visit is changed by it.
OFFERED = """
SELECT sent_at FROM planned_message WHERE contact_point_id = :point AND step = 'slot_offered' AND channel = 'sms'
    AND state IN ('sending', 'sent', 'delivered', 'unknown') AND sent_at > :since ORDER BY sent_at DESC LIMIT 1
"""
OFFER_IN_MIND = timedelta(hours=2)
OPEN_QUESTION = timedelta(days=7)
# Of two visits of one patient, the one written about this much later than the other is meant.
CLEARLY_LATER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ReplyContext:
    """`visit` is the one visit the reply can be about; else `doubt` says why there is none."""

    patient_ids: tuple[UUID, ...]
    language: str
    visit: Any | None
    doubt: str


def reply_context(session: Session, contact_point_id: UUID, at: datetime) -> ReplyContext:
    """Read what is known about the sender and the coming visits they were written about."""
    patients = session.execute(text(PATIENTS), {"point": contact_point_id}).all()
    visits = session.execute(text(VISITS), {"point": contact_point_id, "now": at}).all()
    ids = tuple(row.id for row in patients)
    language = patients[0].language if patients else "en"
    offered = session.scalar(text(OFFERED), {"point": contact_point_id, "since": at - OFFER_IN_MIND})
    if offered is not None and all(row.last_told < offered for row in visits):
        return ReplyContext(ids, language, None, "answers_an_offer")
    if not visits:
        return ReplyContext(ids, language, None, "no_visit")
    if len({row.patient_id for row in visits}) > 1:
        return ReplyContext(ids, language, None, "shared_number")
    if len(visits) > 1 and visits[0].last_told - visits[1].last_told < CLEARLY_LATER:
        return ReplyContext(ids, language, None, "several_visits")
    return ReplyContext(ids, language, visits[0], "")


def open_question(session: Session, contact_point_id: UUID, at: datetime) -> Any | None:
    """The visit whose 0-to-10 question this number was asked in the last week; None when it was not exactly one."""
    values = {"point": contact_point_id, "since": at - OPEN_QUESTION}
    asked = session.execute(text(FOLLOWED_UP), values).all()
    return asked[0] if len({row.appointment_id for row in asked}) == 1 else None

"""Replies that wait for a person."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.notify.queries.cursors import cursor_after

OPEN = """
SELECT r.id, r.channel, r.contact_point_id, r.patient_id, r.appointment_id, r.appointment_version, r.text_sealed,
    r.meaning, r.rule, r.hint, r.state, r.why_open, r.received_at, r.closed_at, r.closed_by, r.outcome, r.version,
    c.address_sealed, c.held_at, c.opted_out_at, p.names_sealed, p.language
FROM reply r LEFT JOIN contact_point c ON c.id = r.contact_point_id LEFT JOIN patient p ON p.id = r.patient_id
WHERE (CAST(:reply AS uuid) IS NULL OR r.id = :reply) AND (CAST(:state AS text) IS NULL OR r.state = :state)
    AND (CAST(:after_at AS timestamptz) IS NULL OR (r.received_at, r.id) > (:after_at, CAST(:after_id AS uuid)))
ORDER BY r.received_at, r.id LIMIT :limit
"""


def inbox_page(
    session: Session, state: str, place: tuple[datetime, UUID] | None, limit: int
) -> tuple[Sequence[Any], str | None]:
    """Replies in `state` after `place`, oldest first, and the cursor of the next page."""
    values = {
        "reply": None,
        "state": state,
        "after_at": place[0] if place else None,
        "after_id": place[1] if place else None,
        "limit": limit + 1,
    }
    rows = session.execute(text(OPEN), values).all()
    cursor = cursor_after(rows[limit - 1].received_at, rows[limit - 1].id) if len(rows) > limit else None
    return rows[:limit], cursor


def one_reply(session: Session, reply_id: UUID) -> Any | None:
    """One reply with its sender, or None."""
    values = {"reply": reply_id, "state": None, "after_at": None, "after_id": None, "limit": 1}
    return session.execute(text(OPEN), values).first()

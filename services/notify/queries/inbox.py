"""Replies that wait for a person."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.notify.queries.cursors import cursor_after
from services.notify.queries.site_scope import of_sites

OPEN = of_sites(
    """
SELECT r.id, r.channel, r.contact_point_id, r.patient_id, r.appointment_id, r.appointment_version, r.text_sealed,
    r.meaning, r.rule, r.hint, r.state, r.why_open, r.received_at, r.closed_at, r.closed_by, r.outcome, r.version,
    c.address_sealed, c.held_at, c.opted_out_at, p.names_sealed, p.language
FROM reply r LEFT JOIN contact_point c ON c.id = r.contact_point_id LEFT JOIN patient p ON p.id = r.patient_id
LEFT JOIN appointment a ON a.id = r.appointment_id
WHERE (CAST(:reply AS uuid) IS NULL OR r.id = :reply) AND (CAST(:state AS text) IS NULL OR r.state = :state)
    AND SEEN
    AND (CAST(:after_at AS timestamptz) IS NULL OR (r.received_at, r.id) > (:after_at, CAST(:after_id AS uuid)))
ORDER BY r.received_at, r.id LIMIT :limit
""",
    visit="a",
    patient="r.patient_id",
)


def inbox_page(
    session: Session,
    state: str,
    place: tuple[datetime, UUID] | None,
    limit: int,
    *,
    sites: Sequence[str] = (),
) -> tuple[Sequence[Any], str | None]:
    """Replies in `state` after `place`, oldest first, and the cursor of the next page; of `sites` only, when given."""
    values = {
        "reply": None,
        "state": state,
        "after_at": place[0] if place else None,
        "after_id": place[1] if place else None,
        "limit": limit + 1,
        "sites": list(sites),
    }
    rows = session.execute(text(OPEN), values).all()
    cursor = cursor_after(rows[limit - 1].received_at, rows[limit - 1].id) if len(rows) > limit else None
    return rows[:limit], cursor


def one_reply(session: Session, reply_id: UUID, sites: Sequence[str] = ()) -> Any | None:
    """One reply with its sender; None when there is none, or none of `sites`."""
    values = {"reply": reply_id, "state": None, "after_at": None, "after_id": None, "limit": 1} | {
        "sites": list(sites)
    }
    return session.execute(text(OPEN), values).first()

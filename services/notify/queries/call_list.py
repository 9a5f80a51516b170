"""What staff must do about messages: whom to call, which sends nobody could settle, which visits are in question."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.notify.queries.cursors import cursor_after
from services.notify.queries.site_scope import of_sites

ITEMS = of_sites(
    """
SELECT i.id, i.kind, i.about_id, i.patient_id, i.appointment_id, i.contact_point_id, i.code, i.state, i.opened_at,
    i.closed_at, i.closed_by, i.outcome, i.version, p.names_sealed, p.language, a.starts_at, a.facts,
    a.state AS visit_state,
    c.channel, c.address_sealed, s.contact_point_id AS phone_id, s.address_sealed AS phone_sealed,
    (SELECT min(m.due_at) FROM planned_message m WHERE m.patient_id = i.patient_id AND m.state = 'due') AS next_due_at
FROM staff_item i LEFT JOIN patient p ON p.id = i.patient_id LEFT JOIN appointment a ON a.id = i.appointment_id
LEFT JOIN contact_point c ON c.id = i.contact_point_id
LEFT JOIN LATERAL (SELECT l.contact_point_id, k.address_sealed FROM patient_contact l
    JOIN contact_point k ON k.id = l.contact_point_id
    WHERE l.patient_id = i.patient_id AND l.channel = 'sms') s ON true
WHERE (CAST(:item AS uuid) IS NULL OR i.id = :item) AND (CAST(:state AS text) IS NULL OR i.state = :state)
    AND (CAST(:kind AS text) IS NULL OR i.kind = :kind)
    AND (CAST(:without AS text) IS NULL OR i.kind <> :without)
    AND SEEN
    AND (CAST(:after_at AS timestamptz) IS NULL OR (i.opened_at, i.id) > (:after_at, CAST(:after_id AS uuid)))
ORDER BY i.opened_at, i.id LIMIT :limit
""",
    visit="a",
    patient="i.patient_id",
)


def call_list_page(
    session: Session,
    state: str,
    kind: str | None,
    place: tuple[datetime, UUID] | None,
    limit: int,
    *,
    sites: Sequence[str] = (),
    without: str | None = None,
) -> tuple[Sequence[Any], str | None]:
    """Items in `state`, oldest first, and the cursor of the next page; of `sites` only, when given.

    `without` leaves one kind out (sends in doubt are shown by cause: doubt_groups.py).
    """
    values = {
        "item": None,
        "state": state,
        "kind": kind,
        "without": without,
        "after_at": place[0] if place else None,
        "after_id": place[1] if place else None,
        "limit": limit + 1,
        "sites": list(sites),
    }
    rows = session.execute(text(ITEMS), values).all()
    cursor = cursor_after(rows[limit - 1].opened_at, rows[limit - 1].id) if len(rows) > limit else None
    return rows[:limit], cursor


def one_item(session: Session, item_id: UUID, sites: Sequence[str] = ()) -> Any | None:
    """One item; None when there is none, or none of `sites`."""
    values = {
        "item": item_id,
        "state": None,
        "kind": None,
        "without": None,
        "after_at": None,
        "after_id": None,
        "limit": 1,
    } | {"sites": list(sites)}
    return session.execute(text(ITEMS), values).first()

"""Sends nobody saw the end of, as staff can deal with them: by cause and channel, not one by one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.notify.queries.site_scope import of_sites

GROUPS = of_sites(
    """
SELECT i.code, m.channel, count(*) AS sends, min(i.opened_at) AS first_at, max(i.opened_at) AS last_at,
    min(a.starts_at) FILTER (WHERE a.state = 'booked') AS next_visit_at
FROM staff_item i JOIN planned_message m ON m.id = i.about_id LEFT JOIN appointment a ON a.id = i.appointment_id
WHERE i.kind = 'unknown_send' AND i.state = 'open' AND SEEN
GROUP BY i.code, m.channel ORDER BY count(*) DESC, i.code, m.channel
""",
    visit="a",
    patient="i.patient_id",
)


def doubt_groups(session: Session, sites: Sequence[str] = ()) -> Sequence[Any]:
    """Open doubts by cause and channel with how many, since when and the nearest visit; of `sites`, when given."""
    return session.execute(text(GROUPS), {"sites": list(sites)}).all()

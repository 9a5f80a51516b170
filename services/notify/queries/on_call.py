"""Who is told next of an alert."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now

# A contact `c` whose turns were kept is on call in these alone; one without is on call whenever its switch is on.
ON_DUTY = """
c.active AND c.on_call AND (
    NOT EXISTS (SELECT 1 FROM duty_turn d WHERE d.contact_id = c.id)
    OR EXISTS (SELECT 1 FROM duty_turn d WHERE d.contact_id = c.id AND d.starts_at <= :now AND d.ends_at > :now))
"""
# Those who serve the site first, then anybody else on call: an emergency is a phone call, and any of them can make it.
NEXT = f"""
SELECT c.id FROM staff_contact c
WHERE {ON_DUTY} AND c.role = ANY(CAST(:roles AS text[]))
    AND NOT EXISTS (SELECT 1 FROM staff_told t WHERE t.alert_id = :alert AND t.contact_id = c.id)
ORDER BY (:site = '' OR cardinality(c.sites) = 0 OR :site = ANY(c.sites)) DESC,
    array_position(CAST(:roles AS text[]), c.role), c.position, c.added_at, c.id LIMIT 1
"""  # noqa: S608 - parts are fixed texts


def next_on_call(session: Session, alert_id: UUID | None, roles: Sequence[str], site: str) -> UUID | None:
    """Return the contact who is on call for one of `roles`, first in order, and not told of this alert yet."""
    values = {"alert": alert_id, "roles": list(roles), "site": site, "now": now(session)}
    found: UUID | None = session.scalar(text(NEXT), values)
    return found

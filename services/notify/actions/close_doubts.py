"""Staff looked into all sends one cause left in doubt."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from services.notify.queries.site_scope import of_sites

CLOSE = of_sites(
    """
UPDATE staff_item SET state = 'closed', closed_at = :now, closed_by = :by, outcome = :outcome, version = version + 1
WHERE id IN (SELECT i.id FROM staff_item i JOIN planned_message m ON m.id = i.about_id
    LEFT JOIN appointment a ON a.id = i.appointment_id
    WHERE i.kind = 'unknown_send' AND i.state = 'open' AND i.code = :code AND m.channel = :channel
        AND i.opened_at <= :seen AND SEEN ORDER BY i.id FOR UPDATE OF i) RETURNING id
""",
    visit="a",
    patient="i.patient_id",
)


def close_doubts(
    session: Session,
    actor: Actor,
    outcome: str,
    *,
    code: str,
    channel: str,
    seen_until: datetime,
    sites: Sequence[str] = (),
) -> int:
    """Close the open doubts of one cause and channel opened until `seen_until`; return how many.

    What was opened later was not on the page that staff looked at, and stays.
    """
    values = {"now": now(session), "by": actor.id, "outcome": outcome, "code": code, "channel": channel}
    closed = session.scalars(text(CLOSE), values | {"seen": seen_until, "sites": list(sites)}).all()
    for item_id in closed:
        record(
            session, actor, "close_staff_item", "staff_item", item_id, reason=outcome, details={"code": code}
        )
    return len(closed)

"""A send whose end nobody saw for a quarter of an hour needs a person, until it is settled after all."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from services.notify.actions.open_staff_item import SYSTEM, open_staff_item

STAFF_AFTER = timedelta(minutes=15)
# A mail server or a carrier that fails leaves thousands at once; a tick must still end.
MOST_A_TICK = 5_000
DOUBTFUL = """
SELECT m.id, m.patient_id, m.appointment_id, m.contact_point_id, m.reason FROM planned_message m
WHERE m.state = 'unknown' AND m.unknown_at <= :before
    AND NOT EXISTS (SELECT 1 FROM staff_item s WHERE s.kind = 'unknown_send' AND s.about_id = m.id)
ORDER BY m.unknown_at LIMIT :most
"""
# A message that goes out again is not settled: there is one item about it, and it may come to be in doubt once more.
# Items are locked by id, as `close_doubts` does.
SETTLED = """
UPDATE staff_item AS i SET state = 'closed', closed_at = :now, closed_by = 'notify',
    outcome = 'settled_' || settled.state, version = version + 1
FROM (SELECT o.id, m.state FROM staff_item o JOIN planned_message m ON m.id = o.about_id
    WHERE o.kind = 'unknown_send' AND o.state = 'open' AND m.state NOT IN ('unknown', 'due', 'held', 'sending')
    ORDER BY o.id FOR UPDATE OF o) AS settled
WHERE i.id = settled.id RETURNING i.id, i.outcome
"""


def open_doubts(session: Session) -> int:
    """Open a staff item for every send in doubt for fifteen minutes; return how many are new.

    Items of sends that were settled meanwhile are closed.
    """
    at = now(session)
    for item in session.execute(text(SETTLED), {"now": at}).all():
        record(session, SYSTEM, "close_staff_item", "staff_item", item.id, reason=item.outcome)
    rows = session.execute(text(DOUBTFUL), {"before": at - STAFF_AFTER, "most": MOST_A_TICK}).all()
    return sum(
        open_staff_item(
            session,
            "unknown_send",
            row.id,
            patient_id=row.patient_id,
            appointment_id=row.appointment_id,
            contact_point_id=row.contact_point_id,
            code=row.reason,
        )
        for row in rows
    )

"""A send whose end nobody saw for a quarter of an hour needs a person, until it is settled after all."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.arrays import ids_array
from kernel.audit import record
from kernel.clock import now
from kernel.ids import new_id
from services.notify.actions.open_staff_item import SYSTEM

STAFF_AFTER = timedelta(minutes=15)
# A mail server or a carrier that fails leaves thousands at once; a tick must still end.
MOST_A_TICK = 5_000
DOUBTFUL = """
SELECT m.id FROM planned_message m
WHERE m.state = 'unknown' AND m.reason <> 'unknown_at_visit' AND m.unknown_at <= :before
    AND NOT EXISTS (SELECT 1 FROM staff_item s WHERE s.kind = 'unknown_send' AND s.about_id = m.id
        AND (s.state = 'open' OR s.closed_at > m.unknown_at))
ORDER BY m.unknown_at LIMIT :most
"""
OPEN = """
INSERT INTO staff_item (id, kind, about_id, patient_id, appointment_id, contact_point_id, code, opened_at)
SELECT v.id, 'unknown_send', m.id, m.patient_id, m.appointment_id, m.contact_point_id, m.reason, :now
FROM unnest(CAST(:ids AS uuid[]), CAST(:messages AS uuid[])) AS v (id, message)
JOIN planned_message m ON m.id = v.message AND m.state = 'unknown'
ON CONFLICT (kind, about_id) DO UPDATE SET state = 'open', opened_at = :now, code = excluded.code, closed_at = NULL,
    closed_by = '', outcome = '', version = staff_item.version + 1 WHERE staff_item.state = 'closed'
RETURNING id, code
"""
# A message that goes out again is not settled: there is one item about it, and it may come to be in doubt once more,
# also after staff had closed it; the audit keeps how it was closed then. At its visit a doubt is moot.
# Items are locked by id, as `close_doubts` does.
SETTLED = """
UPDATE staff_item AS i SET state = 'closed', closed_at = :now, closed_by = 'notify',
    outcome = CASE settled.state WHEN 'unknown' THEN 'visit_began' ELSE 'settled_' || settled.state END,
    version = version + 1
FROM (SELECT o.id, m.state FROM staff_item o JOIN planned_message m ON m.id = o.about_id
    WHERE o.kind = 'unknown_send' AND o.state = 'open'
        AND (m.state NOT IN ('unknown', 'due', 'held', 'sending')
            OR (m.state, m.reason) = ('unknown', 'unknown_at_visit'))
    ORDER BY o.id FOR UPDATE OF o) AS settled
WHERE i.id = settled.id RETURNING i.id, i.outcome
"""


def open_doubts(session: Session) -> int:
    """Open a staff item for every send in doubt for fifteen minutes; return how many are new.

    Items of sends that were settled meanwhile, or whose visit began, are closed.
    """
    at = now(session)
    for item in session.execute(text(SETTLED), {"now": at}).all():
        record(session, SYSTEM, "close_staff_item", "staff_item", item.id, reason=item.outcome)
    doubtful = session.scalars(text(DOUBTFUL), {"before": at - STAFF_AFTER, "most": MOST_A_TICK}).all()
    values = {"ids": ids_array(new_id() for _ in doubtful), "messages": ids_array(doubtful), "now": at}
    opened = session.execute(text(OPEN), values).all()
    for item in opened:
        code = {"code": item.code}
        record(session, SYSTEM, "open_staff_item", "staff_item", item.id, reason="unknown_send", details=code)
    return len(opened)

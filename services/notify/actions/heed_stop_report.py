"""A carrier reports, after taking a text, that the patient told it to stop ours: that is a STOP here too."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.notify.actions.heed_carrier_stop import heed_carrier_stop
from services.notify.actions.take_receipt import Report
from services.notify.rules.receipts import MEANINGS, OPTED_OUT_CODES

# A report that was stored before has been heeded: repeated after a START, it must not stop anything again.
RECIPIENT = """
SELECT m.contact_point_id FROM send_attempt a JOIN planned_message m ON m.id = a.message_id
WHERE {by} AND coalesce(a.provider_message_id, :sid) = :sid AND m.contact_point_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM receipt r WHERE r.provider_message_id = :sid AND r.status = :status)
"""


def heed_stop_report(session: Session, report: Report) -> bool:
    """Opt the recipient of the reported text out; False when the report says no such thing, or said it before.

    In a transaction of its own, before the one that takes the receipt: visits are locked before messages, and a crash
    between the two leaves a report that is heeded again, never one that was not.
    """
    if MEANINGS.get(report.status) != "failed" or report.code not in OPTED_OUT_CODES:
        return False
    by = "a.id = :attempt" if report.attempt_id is not None else "a.provider_message_id = :sid"
    values = {"sid": report.provider_message_id, "status": report.status, "attempt": report.attempt_id}
    if report.attempt_id is None:
        del values["attempt"]
    point = session.execute(text(RECIPIENT.format(by=by)), values).scalar()
    return point is not None and heed_carrier_stop(session, point, report.code)

"""Reports with a signature that is not the provider's are counted; ten in a minute alarm staff (FAULT-37)."""

from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.logs import log
from services.notify.actions.open_staff_item import open_staff_item
from services.notify.rules.receipts import FORGED_ALARM_A_MINUTE

COUNT = """
INSERT INTO refused_hook (minute, refused) VALUES (date_trunc('minute', CAST(:now AS timestamptz)), :refused)
ON CONFLICT (minute) DO UPDATE SET refused = refused_hook.refused + excluded.refused RETURNING refused, minute
"""
FORGET = "DELETE FROM refused_hook WHERE minute < CAST(:now AS timestamptz) - interval '30 days'"


def count_refusals(session: Session, refused: int) -> bool:
    """Add `refused` to this minute's count; True when that raises an alarm. One item an hour, however long it lasts."""
    at = now(session)
    row = session.execute(text(COUNT), {"now": at, "refused": refused}).one()
    if row.refused == refused:
        session.execute(text(FORGET), {"now": at})
    if not row.refused - refused < FORGED_ALARM_A_MINUTE <= row.refused:
        return False
    log().error("forged_reports_alarm", refused=row.refused)
    hour = row.minute.replace(minute=0)
    open_staff_item(session, "forged_reports", uuid5(NAMESPACE_URL, f"forged/{hour.isoformat()}"))
    return True

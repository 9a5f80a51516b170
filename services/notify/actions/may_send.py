"""Asked before every batch: is sending paused, and does this database know what was sent last?"""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.notify.actions.open_staff_item import SYSTEM, open_staff_item
from services.notify.actions.pause_sending import pause_sending
from services.notify.queries.sending_gate import sending_gate

ITEM = UUID(int=1)
SETTLE_IN = """
UPDATE sending_gate SET home = :home, seen_at = now(), compared_start = pg_postmaster_start_time() WHERE id = 1
"""
# How long before the last sign of life of the original something may have been sent that the copy does not know.
SLACK = timedelta(minutes=15)
GAP = "UPDATE sending_gate SET gap_since = coalesce(seen_at, now()) - CAST(:slack AS interval) WHERE id = 1"


def may_send(session: Session) -> bool:
    """False while sending is paused, and after a start of PostgreSQL until the other services were asked.

    A database that is not the one that last sent pauses itself (FAULT-58). It was restored from a copy: what was sent
    after that was made is unknown to it, and would be sent again.
    """
    gate = sending_gate(session)
    if gate.paused_at is not None:
        return False
    if gate.home == gate.home_now:
        # A folder copied and started as it is looks the same: the others are asked first (compare_with_others.py).
        return bool(gate.compared_start == gate.server_start)
    if not gate.home:
        session.execute(text(SETTLE_IN), {"home": gate.home_now})
        return True
    if pause_sending(session, SYSTEM, "restored"):
        session.execute(text(GAP), {"slack": SLACK})
        open_staff_item(session, "sending_paused", ITEM, code="restored", again=True)
    return False


def note_alive(session: Session) -> int:
    """Keep when this database last knew all that was sent; nothing while it is paused. Returns 1 when it was noted."""
    if not may_send(session):
        return 0
    session.execute(text("UPDATE sending_gate SET seen_at = now() WHERE id = 1"))
    return 1

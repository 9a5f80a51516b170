"""A worker died, or its lease ran out, while it asked a provider: asked again, but not for ever."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import clock_offset
from kernel.logs import log
from services.notify.actions.open_staff_item import open_staff_item
from services.notify.queries.losses import MOST_LOSSES

# The reason staff read beside a doubt nobody asks about any more.
GAVE_UP = "lookup_lost_often"
PAUSE_AFTER_LOSSES = timedelta(seconds=2)
# The first loss is mostly a kill of the whole process: no pause, and in company.
FREE = """
UPDATE send_lookup AS l SET rung_at = NULL, lease_until = NULL, leased_by = '', losses = lost.losses,
    state = CASE WHEN lost.losses >= :most THEN 'done' ELSE 'due' END,
    due_at = CASE WHEN lost.losses = 1 THEN l.due_at
        ELSE greatest(l.due_at, now() + CAST(:offset AS interval) + CAST(:pause AS interval)) END
FROM (SELECT id, losses + 1 AS losses FROM send_lookup
    WHERE state = 'leased' AND (lease_until < now() OR leased_by = :worker) FOR UPDATE SKIP LOCKED) AS lost
WHERE l.id = lost.id RETURNING l.message_id, l.state
"""
# Read without a lock: messages are locked before look-ups.
DOUBT = "SELECT patient_id, appointment_id, contact_point_id FROM planned_message WHERE id = :id AND state = 'unknown'"


def free_lookups(session: Session, worker_id: str | None) -> int:
    """Put back look-ups whose lease is over, or that `worker_id` held; return how many.

    One that ended three processes one after another is not made again: its message stays unknown, before staff at once,
    and only a receipt still settles it (FAULT-10).
    """
    values = {
        "offset": clock_offset(session),
        "worker": worker_id or "-",
        "most": MOST_LOSSES,
        "pause": PAUSE_AFTER_LOSSES,
    }
    freed = session.execute(text(FREE), values).all()
    for row in freed:
        if row.state == "done":
            log().error("lookup_ended_its_workers", message=str(row.message_id), times=MOST_LOSSES)
            doubt = session.execute(text(DOUBT), {"id": row.message_id}).first()
            if doubt is not None:
                open_staff_item(
                    session,
                    "unknown_send",
                    row.message_id,
                    patient_id=doubt.patient_id,
                    appointment_id=doubt.appointment_id,
                    contact_point_id=doubt.contact_point_id,
                    code=GAVE_UP,
                    again=True,
                )
    return len(freed)

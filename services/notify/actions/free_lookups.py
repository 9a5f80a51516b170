"""A worker died, or its lease ran out, while it asked a provider: asked again, ever more seldom."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import clock_offset
from kernel.logs import log
from services.notify.actions.open_staff_item import open_staff_item
from services.notify.queries.losses import MOST_LOSSES

# The reason staff read beside a doubt that ended whoever asked.
OFTEN = "lookup_lost_often"
# The first loss is mostly a kill of the whole process: no pause, and in company. After the second a pause, and alone;
# from the third on a minute, two, four … an hour. Not never: a text the carrier has must be found in the end.
FREE = """
UPDATE send_lookup AS l SET rung_at = NULL, lease_until = NULL, leased_by = '', losses = lost.losses,
    state = 'due', due_at = CASE WHEN lost.losses = 1 THEN l.due_at
        ELSE greatest(l.due_at, now() + CAST(:offset AS interval) + make_interval(secs =>
            CASE WHEN lost.losses < :most THEN 2 ELSE least(3600, 60 * 2 ^ least(lost.losses - :most, 10)) END)) END
FROM (SELECT id, losses + 1 AS losses FROM send_lookup
    WHERE state = 'leased' AND (lease_until < now() OR leased_by = :worker) FOR UPDATE SKIP LOCKED) AS lost
WHERE l.id = lost.id RETURNING l.message_id, l.losses
"""
# Read without a lock: messages are locked before look-ups.
DOUBT = "SELECT patient_id, appointment_id, contact_point_id FROM planned_message WHERE id = :id AND state = 'unknown'"


def free_lookups(session: Session, worker_id: str | None) -> int:
    """Put back look-ups whose lease is over, or that `worker_id` held; return how many.

    One that ended three processes one after another is before staff at once, and made again alone and ever more seldom
    until a receipt or its visit settles it (FAULT-10).
    """
    values = {"offset": clock_offset(session), "worker": worker_id or "-", "most": MOST_LOSSES}
    freed = session.execute(text(FREE), values).all()
    for row in freed:
        if row.losses >= MOST_LOSSES:
            log().error("lookup_ended_its_workers", message=str(row.message_id), times=row.losses)
            doubt = session.execute(text(DOUBT), {"id": row.message_id}).first()
            if doubt is not None:
                open_staff_item(
                    session,
                    "unknown_send",
                    row.message_id,
                    patient_id=doubt.patient_id,
                    appointment_id=doubt.appointment_id,
                    contact_point_id=doubt.contact_point_id,
                    code=OFTEN,
                    again=True,
                )
    return len(freed)

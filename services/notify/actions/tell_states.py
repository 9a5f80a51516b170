"""Tell the other services the newest state of messages that changed, a bounded number at a time."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.contracts.message_state_changed import MessageStateChanged
from kernel.outbox import emit

# Telling is worth less than sending: a burst of sends is told over the following minutes.
MOST_AT_ONCE = 50
NEWS = """
DELETE FROM untold_state WHERE message_id IN (
    SELECT message_id FROM untold_state ORDER BY at LIMIT :limit FOR UPDATE SKIP LOCKED)
RETURNING message_id
"""
STATES = """
SELECT id, patient_id, appointment_id, appointment_version, step, channel, state, reason FROM planned_message
WHERE id = ANY(:ids) AND patient_id IS NOT NULL AND appointment_id IS NOT NULL ORDER BY id
"""


def tell_states(session: Session) -> int:
    """Emit `message_state_changed` for up to fifty messages of visits; return how many."""
    ids = list(session.scalars(text(NEWS), {"limit": MOST_AT_ONCE}))
    if not ids:
        return 0
    rows = session.execute(text(STATES), {"ids": ids}).all()
    for row in rows:
        state = {"due": "planned", "sending": "planned"}.get(row.state, row.state)
        emit(
            session,
            "message_state_changed",
            row.id,
            MessageStateChanged(
                message_id=row.id,
                patient_id=row.patient_id,
                appointment_id=row.appointment_id,
                appointment_version=row.appointment_version,
                step=row.step,
                channel=row.channel,
                state=state,
                reason=row.reason,
                at=now(session),
            ),
        )
    return len(rows)

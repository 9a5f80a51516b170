"""Tell the other services the newest state of messages that changed, many in one event."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.contracts.message_state_changed import MessageStateChanged
from kernel.contracts.message_states_changed import MOST_STATES, MessageStatesChanged
from kernel.ids import new_id
from kernel.outbox import emit

# Telling is worth less than sending: while due messages wait, less is told, and what changes twice is told once.
MOST_WHEN_BEHIND = 100
BEHIND_AFTER = timedelta(seconds=2)
BEHIND = "SELECT 1 FROM planned_message WHERE state = 'due' AND due_at <= :late ORDER BY due_at LIMIT 1"
NEWS = """
DELETE FROM untold_state WHERE message_id IN (
    SELECT message_id FROM untold_state ORDER BY at LIMIT :limit FOR UPDATE SKIP LOCKED)
RETURNING message_id
"""
STATES = """
SELECT id, patient_id, appointment_id, appointment_version, step, channel, state, reason FROM planned_message
WHERE id = ANY(:ids) AND patient_id IS NOT NULL AND appointment_id IS NOT NULL ORDER BY id
"""
PUBLIC = {"due": "planned", "sending": "planned"}


def tell_states(session: Session) -> int:
    """Emit one `message_states_changed` for up to 500 messages of visits; return how many."""
    at = now(session)
    behind = session.execute(text(BEHIND), {"late": at - BEHIND_AFTER}).first() is not None
    ids = list(session.scalars(text(NEWS), {"limit": MOST_WHEN_BEHIND if behind else MOST_STATES}))
    if not ids:
        return 0
    states = [
        MessageStateChanged(
            message_id=row.id,
            patient_id=row.patient_id,
            appointment_id=row.appointment_id,
            appointment_version=row.appointment_version,
            step=row.step,
            channel=row.channel,
            state=PUBLIC.get(row.state, row.state),
            reason=row.reason,
            at=at,
        )
        for row in session.execute(text(STATES), {"ids": ids})
    ]
    if states:
        emit(session, "message_states_changed", new_id(), MessageStatesChanged(states=states))
    return len(states)

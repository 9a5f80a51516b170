"""Many messages to patients got new states: the referrals' timelines show them."""

from sqlalchemy.orm import Session

from kernel.contracts.message_states_changed import MessageStatesChanged
from kernel.events import Event
from services.referral.actions.note_messages import note_messages


def on_message_states_changed(session: Session, event: Event) -> None:
    """Keep the latest state of each message."""
    note_messages(session, MessageStatesChanged.model_validate(event.data).states)

"""A message to the patient got a new state: the referral's timeline shows it."""

from sqlalchemy.orm import Session

from kernel.contracts.message_state_changed import MessageStateChanged
from kernel.events import Event
from services.referral.actions.note_messages import note_messages


def on_message_state_changed(session: Session, event: Event) -> None:
    """Keep the latest state of the message."""
    note_messages(session, [MessageStateChanged.model_validate(event.data)])

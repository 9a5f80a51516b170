"""A message to the patient got a new state: the referral's timeline shows it."""

from sqlalchemy.orm import Session

from kernel.contracts.message_state_changed import MessageStateChanged
from kernel.events import Event
from services.referral.actions.note_message import note_message


def on_message_state_changed(session: Session, event: Event) -> None:
    """Keep the latest state of the message."""
    note_message(session, MessageStateChanged.model_validate(event.data))

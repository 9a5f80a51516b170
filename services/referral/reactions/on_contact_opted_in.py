"""A contact point takes our messages again: the case shows it."""

from sqlalchemy.orm import Session

from kernel.contracts.contact_opt import ContactOpted
from kernel.events import Event
from services.referral.actions.note_contact_opt import note_contact_opt


def on_contact_opted_in(session: Session, event: Event) -> None:
    """Mark the channel as open again."""
    note_contact_opt(session, ContactOpted.model_validate(event.data), out=False)

"""A freed time was offered to a waiting patient: their link opens its page."""

from sqlalchemy.orm import Session

from kernel.contracts.slot_offer import SlotOffered
from kernel.events import Event
from services.intake.actions.open_offer_link import open_offer_link


def on_slot_offered(session: Session, event: Event) -> None:
    """Open the page of the offer to the token its text carries."""
    open_offer_link(session, SlotOffered.model_validate(event.data))

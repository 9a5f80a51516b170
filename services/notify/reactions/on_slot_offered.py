"""A freed time is kept for a waiting patient for a few minutes: write to them at once."""

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.contracts.slot_offer import SlotOffered
from kernel.events import Event
from services.notify.actions.lock_offer import lock_offer
from services.notify.actions.plan_offer import plan_offer


def on_slot_offered(session: Session, event: Event) -> None:
    """Plan the offer's text, unless its end was heard already."""
    heard = SlotOffered.model_validate(event.data)
    offer = lock_offer(session, heard.offer_id, heard.patient_id)
    if offer.state or not heard.claim_token:
        return
    offer.state, offer.changed_at = "offered", now(session)
    session.flush()
    plan_offer(
        session,
        "slot_offered",
        offer_id=heard.offer_id,
        patient_id=heard.patient_id,
        about={"offer": heard.model_dump(mode="json")},
        expires_at=heard.expires_at,
    )

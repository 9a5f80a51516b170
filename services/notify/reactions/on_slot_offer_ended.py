"""An offer came to its end: take back its text, or tell who was told that somebody else was first."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.contracts.slot_offer import SlotOfferEnded
from kernel.events import Event
from services.notify.actions.lock_offer import lock_offer
from services.notify.actions.plan_offer import offer_channels_told, plan_offer
from services.notify.actions.record_moves import Move, record_moves

WITHDRAW = """
UPDATE planned_message AS m SET state = 'suppressed', reason = :reason, rung_at = NULL
FROM (SELECT id, state FROM planned_message WHERE cause_id = :offer AND step = 'slot_offered'
    AND state IN ('due', 'held') ORDER BY id FOR UPDATE) AS old
WHERE m.id = old.id RETURNING m.id, old.state
"""
# Whoever claims or declines knows; whoever let the time run out was told until when.
MUST_BE_TOLD = ("lost", "withdrawn")
USEFUL = timedelta(hours=2)


def on_slot_offer_ended(session: Session, event: Event) -> None:
    """Withdraw what waits with the offer's end as its reason; correct what was sent."""
    heard = SlotOfferEnded.model_validate(event.data)
    offer = lock_offer(session, heard.offer_id, heard.patient_id)
    if offer.state not in ("", "offered"):
        return
    at = now(session)
    offer.state, offer.changed_at = heard.state, at
    reason = f"offer_{heard.state}"
    withdrawn = session.execute(text(WITHDRAW), {"offer": heard.offer_id, "reason": reason}).all()
    record_moves(session, [Move(row.id, row.state, "suppressed", reason) for row in withdrawn], at)
    if heard.state not in MUST_BE_TOLD:
        return
    for channel, about in offer_channels_told(session, heard.offer_id):
        plan_offer(
            session,
            "slot_offer_over",
            offer_id=heard.offer_id,
            patient_id=heard.patient_id,
            about=about,
            expires_at=at + USEFUL,
            exempt="correction",
            only=channel,
        )

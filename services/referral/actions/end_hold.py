"""End a hold: it was booked, released, or its time is over."""

from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.web.problems import conflict, not_found
from services.referral.actions.check_slot import Wish
from services.referral.actions.take_seats import give_back_seats
from services.referral.model.referral import Referral
from services.referral.model.schedule import SlotHold

# Waits for nobody: a hold that is being booked or ended, and seats somebody is clearing away, are theirs; what is left
# of them is done the next time.
EXPIRE = """
WITH over AS MATERIALIZED (
    SELECT id FROM slot_hold WHERE ended = '' AND expires_at <= :now
    AND NOT EXISTS (SELECT 1 FROM offer_round WHERE hold_id = slot_hold.id AND offer_round.state = 'open')
    FOR UPDATE SKIP LOCKED),
loose AS MATERIALIZED (
    SELECT id FROM seat_use WHERE hold_id IN (SELECT id FROM over) FOR UPDATE SKIP LOCKED),
ended AS (
    UPDATE slot_hold SET ended = 'expired' WHERE id IN (SELECT id FROM over) AND NOT EXISTS (
        SELECT 1 FROM seat_use WHERE hold_id = slot_hold.id AND id NOT IN (SELECT id FROM loose)))
DELETE FROM seat_use WHERE id IN (SELECT id FROM loose)
"""


def find_hold(session: Session, hold_id: UUID) -> SlotHold:
    """Return the hold, locked; raises 404."""
    hold = session.scalars(select(SlotHold).where(SlotHold.id == hold_id).with_for_update()).first()
    if hold is None:
        raise not_found("hold")
    return hold


def end_hold(session: Session, actor: Actor, hold: SlotHold, how: str) -> None:
    """End the hold (`booked` or `released`) and free its seats. Ending one that has ended changes nothing."""
    if hold.ended:
        return
    hold.ended = how
    give_back_seats(session, hold.id, hold.provider_id)
    record(session, actor, f"hold_{how}", "referral", hold.referral_id, details={"hold_id": str(hold.id)})


def use_hold(session: Session, actor: Actor, hold_id: UUID, referral: Referral, wish: Wish) -> None:
    """Let the booking of `wish` take over the hold. Raises 404; 409 `hold_expired` and `hold_mismatch`."""
    hold = find_hold(session, hold_id)
    if hold.referral_id != referral.id:
        raise not_found("hold")
    if hold.ended or hold.expires_at <= now(session):
        raise conflict(
            "hold_expired",
            "The hold has ended and its time may have gone to somebody else. Nothing was booked; choose a time again.",
        )
    held = (hold.visit_type_id, hold.provider_id, hold.site_id, hold.starts_at)
    if held != (wish.visit_type, wish.provider_id, wish.site_id, wish.starts_at):
        raise conflict("hold_mismatch", "The hold is for another time. Nothing was booked.")
    hold.ended = "booked"


def expire_holds(session: Session) -> int:
    """Tidy up holds whose time is over; return how many seats that freed. Their seats were free already."""
    return int(session.execute(text(EXPIRE), {"now": now(session)}).rowcount)  # type: ignore[attr-defined]

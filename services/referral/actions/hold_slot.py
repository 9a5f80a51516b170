"""Keep a slot for a referral while somebody decides."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from kernel.web.problems import not_found
from services.referral.actions.check_slot import Conflict, Place, Wish, check_slot, likely_place, slot_refused
from services.referral.actions.end_hold import end_hold
from services.referral.actions.move_referral import illegal_move
from services.referral.actions.take_seats import SeatsTaken, Taker, lock_providers, take_seats
from services.referral.model.schedule import SlotHold
from services.referral.queries.referrals import find_in_turn
from services.referral.rules.referral_states import may_do

HOLD_MINUTES = 10


def hold_slot(
    session: Session,
    actor: Actor,
    referral_id: UUID,
    wish: Wish,
    *,
    lasting: timedelta = timedelta(minutes=HOLD_MINUTES),
) -> SlotHold:
    """Hold the wish for the referral and return the hold; an earlier hold of the referral is released.

    Nobody else can book the slot until the hold expires, is released or is booked; the moment it expires the slot is
    free again, whether or not anything has tidied up. Raises what `book_slot` raises.
    """
    referral = find_in_turn(session, referral_id)
    if referral is None:
        raise not_found("referral")
    place = likely_place(session, wish)
    standing = select(SlotHold).where(SlotHold.referral_id == referral.id, SlotHold.ended == "")
    earlier = session.scalars(standing).all()
    if earlier:
        lock_providers(session, place.provider.id, *(hold.provider_id for hold in earlier))
    for hold in earlier:
        end_hold(session, actor, hold, "released")
    checked = check_slot(
        session,
        place,
        patient_id=referral.patient_id,
        routes={referral.route, *referral.secondary_routes},
        in_turn=True,
    )
    place, conflicts = checked.place, checked.conflicts
    if not may_do("book", referral.state, "booked") and Conflict("red_flag_hold") not in conflicts:
        raise illegal_move(referral)
    if conflicts:
        raise slot_refused(session, place, conflicts)
    moment = now(session)
    hold = SlotHold(
        id=new_id(),
        referral_id=referral.id,
        visit_type_id=place.visit_type.id,
        site_id=place.site.id,
        provider_id=place.provider.id,
        starts_at=place.starts_at,
        ends_at=place.starts_at + place.rules.length,
        held_by=f"{actor.kind}:{actor.id}",
        held_at=moment,
        expires_at=moment + lasting,
    )
    seat_hold(session, hold, place, checked.seats)
    record(session, actor, "hold_slot", "referral", referral.id, details={"hold_id": str(hold.id)})
    return hold


def seat_hold(
    session: Session, hold: SlotHold, place: Place, as_read: tuple[list[int], str] | None = None
) -> None:
    """Take the seats of a new hold and store it; raises the 409 with alternatives when they are gone."""
    try:
        hold.room_id = take_seats(
            session,
            place.rules,
            Taker(hold_id=hold.id, expires_at=hold.expires_at),
            provider_id=place.provider.id,
            site_id=place.site.id,
            starts_at=place.starts_at,
            as_read=as_read,
        )
    except SeatsTaken:
        raise slot_refused(session, place, [Conflict("provider_taken")]) from None
    session.add(hold)

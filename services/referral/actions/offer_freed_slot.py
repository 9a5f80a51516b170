"""Offer a freed slot to those who wait, a batch at a time, and keep it for them while they decide."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.appointment import SiteFacts
from kernel.contracts.slot_offer import SlotOffered, SlotOfferEnded
from kernel.ids import new_id
from kernel.outbox import emit
from kernel.web.problems import Problem
from services.referral.actions.check_slot import Wish, calendar_conflicts, find_place
from services.referral.actions.end_hold import end_hold
from services.referral.actions.take_seats import SeatsTaken, Taker, lock_providers, take_seats
from services.referral.model.appointment import Appointment
from services.referral.model.schedule import SlotHold, VisitType
from services.referral.model.waitlist import OfferRound, SlotOffer, WaitlistEntry
from services.referral.queries.clinic_facts import visit_rules
from services.referral.queries.sites import find_site
from services.referral.queries.waitlist import waiting_for
from services.referral.rules.slot_offers import WINDOW, FreedSlot, next_batch, sends_from

CLOCK = Actor("system", "waitlist")
# The hold outlives its batch a little, so that the next batch finds the slot still kept.
GRACE = timedelta(minutes=2)
# 128 bits: a text of one segment has no room for more, and the link lives for minutes and asks for the birth date.
CLAIM_TOKEN_BYTES = 16
EXTEND = """
WITH kept AS (UPDATE slot_hold SET expires_at = :until WHERE id = :hold AND ended = '' RETURNING id)
UPDATE seat_use SET expires_at = :until FROM kept WHERE seat_use.hold_id = kept.id
"""


@dataclass(frozen=True, slots=True)
class Freed:
    """A slot that has just been given back, and by which visit of whom."""

    visit_type_id: str
    site_id: str
    provider_id: str
    starts_at: datetime
    room_id: str
    patient_id: UUID
    appointment_id: UUID


def freed_by(appointment: Appointment) -> Freed:
    """Return the slot the appointment takes now, as it will be free once it is given back."""
    return Freed(
        appointment.visit_type_id,
        appointment.site_id,
        appointment.provider_id,
        appointment.starts_at,
        appointment.room_id,
        appointment.patient_id,
        appointment.id,
    )


def offer_freed_slot(session: Session, freed: Freed) -> OfferRound | None:
    """Open a round for the slot, when somebody waits for it; None when nobody does.

    Nothing goes out so late that the offer window would not fit before the visit's lead time, nor in quiet hours: what
    is freed then is held for those who wait, and offered in the morning.
    """
    moment, starts_at = now(session), freed.starts_at
    site = find_site(session, freed.site_id)
    visit = session.get_one(VisitType, freed.visit_type_id)
    if site is None:
        return None
    slot = FreedSlot(site.id, ZoneInfo(site.time_zone), starts_at)
    goes_out = sends_from(slot.zone, moment)
    if starts_at - goes_out < WINDOW + timedelta(minutes=visit.lead_minutes):
        return None
    waiting = waiting_for(session, visit.id, besides=freed.patient_id)
    if not next_batch(waiting, slot, goes_out):
        return None
    hold = SlotHold(
        id=new_id(),
        visit_type_id=visit.id,
        site_id=site.id,
        provider_id=freed.provider_id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=visit.minutes),
        held_by=f"{CLOCK.kind}:{CLOCK.id}",
        held_at=moment,
        expires_at=goes_out + WINDOW + GRACE,
    )
    try:
        hold.room_id = take_seats(
            session,
            visit_rules(visit),
            Taker(hold_id=hold.id, expires_at=hold.expires_at),
            provider_id=freed.provider_id,
            site_id=site.id,
            starts_at=starts_at,
            # The room just given back: nobody else can be taking it before this transaction ends.
            room_id=freed.room_id,
        )
    except SeatsTaken:
        return None
    opened = OfferRound(
        id=new_id(),
        visit_type_id=visit.id,
        site_id=site.id,
        provider_id=freed.provider_id,
        starts_at=starts_at,
        hold_id=hold.id,
        freed_appointment_id=freed.appointment_id,
        opened_at=moment,
        batch=0,
        batch_until=moment,
    )
    session.add(hold)
    session.flush()
    session.add(opened)
    session.flush()
    details = {"freed_by": str(freed.appointment_id)}
    record(session, CLOCK, "open_offer_round", "offer_round", opened.id, details=details)
    offer_next_batch(session, opened)
    return opened


def offer_next_batch(session: Session, opened: OfferRound) -> int:
    """Offer the round's slot to the next in line and return how many; with nobody left the round is exhausted.

    Who gave the slot up is offered it in no batch, however late it goes out. In quiet hours none: the round stands and
    its slot is held until offers may go out again.
    """
    moment = now(session)
    site = find_site(session, opened.site_id)
    visit = session.get_one(VisitType, opened.visit_type_id)
    entries: list[UUID] = []
    latest = opened.starts_at - timedelta(minutes=visit.lead_minutes)
    goes_out = moment if site is None else sends_from(ZoneInfo(site.time_zone), moment)
    if site is not None and goes_out + WINDOW <= latest and _still_given(session, opened):
        slot = FreedSlot(site.id, ZoneInfo(site.time_zone), opened.starts_at)
        # Over a night the caps of a day begin anew: nobody is asked twice about one slot.
        asked = set(session.scalars(select(SlotOffer.entry_id).where(SlotOffer.round_id == opened.id)))
        besides = _given_up_by(session, opened)
        waiting = [one for one in waiting_for(session, visit.id, besides) if one.entry_id not in asked]
        entries = next_batch(waiting, slot, goes_out)
    kept = {"until": goes_out + WINDOW + GRACE, "hold": opened.hold_id}
    if not entries or not session.execute(text(EXTEND), kept).rowcount:  # type: ignore[attr-defined]
        close_round(session, opened, "exhausted")
        return 0
    if goes_out > moment:
        opened.batch_until = goes_out
        return 0
    opened.batch += 1
    opened.batch_until = moment + WINDOW
    assert site is not None
    for entry in session.scalars(select(WaitlistEntry).where(WaitlistEntry.id.in_(entries))):
        offer = SlotOffer(
            id=new_id(),
            round_id=opened.id,
            entry_id=entry.id,
            patient_id=entry.patient_id,
            batch=opened.batch,
            offered_at=moment,
            expires_at=opened.batch_until,
            state="offered",
        )
        session.add(offer)
        facts = SlotOffered(
            offer_id=offer.id,
            patient_id=entry.patient_id,
            referral_id=entry.referral_id,
            site=SiteFacts(
                id=site.id, name=site.name, address=site.address, phone=site.phone, time_zone=site.time_zone
            ),
            visit_type_name=visit.sms_name,
            starts_at=opened.starts_at,
            offered_at=moment,
            expires_at=offer.expires_at,
            claim_token=secrets.token_urlsafe(CLAIM_TOKEN_BYTES),
        )
        emit(session, "slot_offered", offer.id, facts)
        record(
            session, CLOCK, "offer_slot", "referral", entry.referral_id, details={"offer_id": str(offer.id)}
        )
    return len(entries)


def _given_up_by(session: Session, opened: OfferRound) -> UUID | None:
    """Return the patient whose visit gave up the slot; None of rounds from before that was kept."""
    if opened.freed_appointment_id is None:
        return None
    return session.get_one(Appointment, opened.freed_appointment_id).patient_id


def _still_given(session: Session, opened: OfferRound) -> bool:
    """True while the clinic's facts still allow the visit: nobody is offered what a claim would be refused."""
    wish = Wish(opened.visit_type_id, opened.provider_id, opened.site_id, opened.starts_at)
    try:
        place = find_place(session, wish)
    except Problem:
        return False
    return not calendar_conflicts(session, place, opened.hold_id)


def end_offer(session: Session, offer: SlotOffer, state: str) -> None:
    """End an offer that is out; one that has ended stays as it ended."""
    if offer.state == "offered":
        offer.state, offer.ended_at = state, now(session)
        ended = SlotOfferEnded(offer_id=offer.id, patient_id=offer.patient_id, state=state)
        emit(session, "slot_offer_ended", offer.id, ended)


def close_round(session: Session, opened: OfferRound, state: str, actor: Actor = CLOCK) -> None:
    """Close the round; offers still out are lost, or withdrawn when staff stopped it, and the slot is free again."""
    opened.state, opened.closed_at = state, now(session)
    out = select(SlotOffer).where(SlotOffer.round_id == opened.id, SlotOffer.state == "offered")
    for offer in session.scalars(out):
        end_offer(session, offer, "withdrawn" if state == "stopped" else "lost")
    hold = None if opened.hold_id is None else session.get(SlotHold, opened.hold_id)
    if hold is not None and state != "claimed":
        end_hold(session, actor, hold, "released")
    record(session, actor, f"offer_round_{state}", "offer_round", opened.id)


def run_offers(session: Session) -> int:
    """Move on every round whose batch has had its time; return how many."""
    over = select(OfferRound).where(OfferRound.state == "open", OfferRound.batch_until <= now(session))
    rounds = session.scalars(over.limit(50).with_for_update(skip_locked=True)).all()
    if rounds:
        lock_providers(session, *(opened.provider_id for opened in rounds))
    for opened in rounds:
        out = select(SlotOffer).where(SlotOffer.round_id == opened.id, SlotOffer.state == "offered")
        for offer in session.scalars(out):
            end_offer(session, offer, "expired")
        session.flush()
        offer_next_batch(session, opened)
    return len(rounds)

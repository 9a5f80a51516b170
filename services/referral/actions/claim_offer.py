"""A patient claims or declines a slot they were offered. The first valid claim of a round wins."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.web.problems import Problem, conflict, not_found
from services.referral.actions.book_by_patient import phone_of
from services.referral.actions.book_slot import book_slot
from services.referral.actions.check_slot import Wish, find_place, next_slots, require_kind, slot_json
from services.referral.actions.end_hold import end_hold
from services.referral.actions.join_waitlist import leave_waitlist
from services.referral.actions.move_appointment import move_appointment
from services.referral.actions.offer_freed_slot import close_round, end_offer
from services.referral.actions.take_seats import lock_providers
from services.referral.model.appointment import Appointment
from services.referral.model.referral import Referral
from services.referral.model.schedule import SlotHold
from services.referral.model.waitlist import OfferRound, SlotOffer, WaitlistEntry
from services.referral.queries.appointments import Visit, first_visits_to_come
from services.referral.queries.referrals import find_in_turn, find_referral
from services.referral.queries.sites import list_sites
from services.referral.rules.self_service import why_not_alone


@dataclass(frozen=True, slots=True)
class OnOffer:
    """An offer with its round, entry and referral; the latter three locked when it is to be changed."""

    offer: SlotOffer
    round: OfferRound
    entry: WaitlistEntry
    referral: Referral

    @property
    def wish(self) -> Wish:
        one = self.round
        return Wish(one.visit_type_id, one.provider_id, one.site_id, one.starts_at)


def find_offer(session: Session, offer_id: UUID, *, lock: bool = False) -> OnOffer:
    """Return the offer; raises 404. Locks in the one order (0225): referral, the patient's turn, round, offer."""
    offer = session.get(SlotOffer, offer_id)
    entry = None if offer is None else session.get(WaitlistEntry, offer.entry_id)
    find = find_in_turn if lock else find_referral
    referral = None if entry is None else find(session, entry.referral_id)
    if offer is None or entry is None or referral is None:
        raise not_found("offer")
    opened = session.get_one(OfferRound, offer.round_id, with_for_update=lock)
    if lock:
        session.refresh(opened, with_for_update=True)
        session.refresh(offer, with_for_update=True)
    return OnOffer(offer, opened, entry, referral)


def claim_offer(session: Session, offer_id: UUID, by: Actor | None = None) -> Visit:
    """Give the offered slot to the patient: booked, or their later visit moved there; return the visit.

    `by`: who of the staff takes it for a patient who called; None: the patient by their link, alone.

    Raises 404; 409 `offer_gone` with the next free slots when another was first or the offer is over; `call_first` or
    `questions_open` with the phone to call, as for a first time the patient chooses; and what `book_slot` raises.
    """
    found = find_offer(session, offer_id, lock=True)
    if (
        found.round.state != "open"
        or found.offer.state != "offered"
        or found.offer.expires_at <= now(session)
    ):
        raise offer_gone(session, found)
    if by is None:
        _require_alone(session, found, found.round.site_id)
    actor = by or Actor("patient", str(found.entry.patient_id))
    visit = _give(session, actor, found)
    end_offer(session, found.offer, "claimed")
    session.flush()
    end_as_claimed(session, actor, found)
    return visit


def end_as_claimed(session: Session, actor: Actor, found: OnOffer) -> None:
    """Close the round behind a claim: others have lost, the patient leaves the list."""
    close_round(session, found.round, "claimed", actor)
    leave_waitlist(session, actor, found.entry.id, "booked")
    details = {"offer_id": str(found.offer.id)}
    if found.round.freed_appointment_id is not None:
        details["freed_by"] = str(found.round.freed_appointment_id)
    record(session, actor, "claim_offer", "referral", found.referral.id, details=details)


def decline_offer(session: Session, offer_id: UUID) -> SlotOffer:
    """Note that the patient does not want this slot; they stay on the list. Raises 404."""
    found = find_offer(session, offer_id, lock=True)
    end_offer(session, found.offer, "declined")
    return found.offer


def offer_gone(session: Session, found: OnOffer) -> Problem:
    """The 409 for an offer that can no longer be claimed, with what is free next."""
    place = find_place(session, found.wish)
    return conflict(
        "offer_gone",
        "This time has gone to somebody else, or the offer is over. Nothing was changed; these times are free.",
        phone=place.site.phone,
        alternatives=[slot_json(slot, place) for slot in next_slots(session, place)],
    )


def alternatives_to(session: Session, found: OnOffer) -> list[dict[str, str]]:
    """The next free slots of the offered kind, each with its site's name, for a patient who came too late."""
    place = find_place(session, found.wish)
    names = {site.id: site.name for site in list_sites(session)}
    return [
        slot_json(slot, place) | {"site_name": names[slot.site_id]} for slot in next_slots(session, place)
    ]


def take_other_time(session: Session, offer_id: UUID, wish: Wish) -> Visit:
    """Give the patient of a lost or lapsed offer another free time instead: booked, or their later visit moved there.

    The same is asked as of a claim. Raises 404; 409 `offer_open` while the offer itself can be claimed, `call_first` or
    `questions_open` with the phone to call, `slot_not_offered` for another kind of visit than the offer's; and what
    `book_slot` or `move_appointment` raises.
    """
    found = find_offer(session, offer_id, lock=True)
    if found.offer.state in ("offered", "claimed") and found.round.state in ("open", "claimed"):
        raise conflict("offer_open", "Take or decline the offered time first.")
    _require_alone(session, found, wish.site_id)
    require_kind(session, wish, found.round.visit_type_id)
    patient = Actor("patient", str(found.entry.patient_id))
    later = _own_visit(session, found)
    if later is not None:
        visit = move_appointment(session, patient, later.id, wish, reason="patient_by_link")
    else:
        visit = book_slot(session, patient, found.referral, wish)
    leave_waitlist(session, patient, found.entry.id, "booked")
    return visit


def _require_alone(session: Session, found: OnOffer, site_id: str) -> None:
    """Raise the 409 when a person has to speak with the patient first; who moves a visit has been spoken with."""
    open_warnings = () if _own_visit(session, found) else found.referral.open_warnings
    reason = why_not_alone(found.referral.flagged, open_warnings)
    if reason:
        title = "Please call us to take this time. Nothing was changed."
        raise conflict(reason, title, phone=phone_of(session, site_id))


def _give(session: Session, actor: Actor, found: OnOffer) -> Visit:
    assert found.round.hold_id is not None
    hold = session.get_one(SlotHold, found.round.hold_id)
    own = _own_visit(session, found)
    # The provider they come to and the one they leave, in the one order, before the hold changes.
    lock_providers(session, hold.provider_id, *(() if own is None else (own.provider_id,)))
    if own is not None:
        end_hold(session, actor, hold, "booked")
        return move_appointment(session, actor, own.id, found.wish, reason="earlier_slot_claimed")
    hold.referral_id = found.referral.id
    session.flush()
    return book_slot(session, actor, found.referral, found.wish, hold_id=hold.id)


def _own_visit(session: Session, found: OnOffer) -> Appointment | None:
    mine = first_visits_to_come(session, [found.referral.id], found.round.visit_type_id)
    return mine[0] if mine else None

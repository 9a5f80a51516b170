"""The waiting list as the choice of whom to offer a slot needs it, and as staff read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.referral.model.appointment import Appointment
from services.referral.model.move import ContactOpt
from services.referral.model.referral import Referral
from services.referral.model.waitlist import OfferRound, SlotOffer, WaitlistEntry
from services.referral.queries.appointments import first_visits_to_come
from services.referral.rules.slot_offers import Waiting

BOOKABLE_STATES = ("to_book", "booked")


def waiting_for(session: Session, visit_type_id: str, besides: UUID | None = None) -> list[Waiting]:
    """Return everyone on the list for this visit type whose referral can still be booked or moved.

    `besides`: a patient to leave out, because the slot on offer is the one they gave back.
    """
    rows = session.execute(
        select(WaitlistEntry, Referral)
        .join(Referral, Referral.id == WaitlistEntry.referral_id)
        .where(
            WaitlistEntry.visit_type_id == visit_type_id,
            WaitlistEntry.ended == "",
            WaitlistEntry.patient_id.is_distinct_from(besides),
            Referral.state.in_(BOOKABLE_STATES),
        )
    ).all()
    patients = [entry.patient_id for entry, _ in rows]
    offered: dict[UUID, list[datetime]] = {}
    for patient_id, at in session.execute(
        select(SlotOffer.patient_id, SlotOffer.offered_at).where(SlotOffer.patient_id.in_(patients))
    ):
        offered.setdefault(patient_id, []).append(at)
    opted_out = set(
        session.scalars(
            select(ContactOpt.patient_id).where(
                ContactOpt.patient_id.in_(patients), ContactOpt.channel == "sms", ContactOpt.opted_out
            )
        )
    )
    visits = {
        visit.referral_id: visit.starts_at
        for visit in first_visits_to_come(session, [referral.id for _, referral in rows], visit_type_id)
    }
    return [
        Waiting(
            entry_id=entry.id,
            # As it is now: a referral may have become more urgent since its patient began to wait.
            priority=referral.priority,
            entered_at=entry.entered_at,
            expires_at=entry.expires_at,
            sites=tuple(entry.sites),
            weekdays=tuple(entry.weekdays),
            from_minute=entry.from_minute,
            until_minute=entry.until_minute,
            notice=timedelta(minutes=entry.notice_minutes),
            visit_at=visits.get(referral.id),
            offered_at=tuple(offered.get(entry.patient_id, ())),
            opted_out=entry.patient_id in opted_out,
            flagged=referral.flagged,
            open_warnings=bool(referral.open_warnings),
        )
        for entry, referral in rows
        if referral.state == "to_book" or referral.id in visits
    ]


def list_waiting(session: Session) -> Sequence[tuple[WaitlistEntry, Referral]]:
    """Return the live entries with their referrals, the most urgent and longest waiting first."""
    query = select(WaitlistEntry, Referral).join(Referral, Referral.id == WaitlistEntry.referral_id)
    live = query.where(WaitlistEntry.ended == "")
    rows = session.execute(live.order_by(Referral.priority, WaitlistEntry.entered_at, WaitlistEntry.id))
    return [(entry, referral) for entry, referral in rows]


def offers_of_entries(session: Session, entry_ids: Sequence[UUID]) -> dict[UUID, list[SlotOffer]]:
    """Return every offer ever made to these entries, latest first."""
    found: dict[UUID, list[SlotOffer]] = {}
    query = select(SlotOffer).where(SlotOffer.entry_id.in_(entry_ids))
    for offer in session.scalars(query.order_by(SlotOffer.offered_at.desc(), SlotOffer.id)):
        found.setdefault(offer.entry_id, []).append(offer)
    return found


def recent_rounds(session: Session, most: int = 50) -> list[tuple[OfferRound, list[SlotOffer]]]:
    """Return the latest rounds with their offers, open ones first."""
    query = select(OfferRound).order_by(OfferRound.state != "open", OfferRound.opened_at.desc())
    rounds = list(session.scalars(query.limit(most)))
    offers: dict[UUID, list[SlotOffer]] = {}
    of_these = select(SlotOffer).where(SlotOffer.round_id.in_([one.id for one in rounds]))
    for offer in session.scalars(of_these.order_by(SlotOffer.batch, SlotOffer.id)):
        offers.setdefault(offer.round_id, []).append(offer)
    return [(one, offers.get(one.id, [])) for one in rounds]


@dataclass(frozen=True, slots=True)
class Passed:
    """How a slot went from one patient to another. `freed`: the visit that gave it up, as it is now, and its referral.

    `claimed`: the referral of who took it. None: not known, or nobody yet.
    """

    freed: tuple[Appointment, Referral] | None
    claimed: Referral | None


def slots_passed(session: Session, rounds: Sequence[OfferRound]) -> dict[UUID, Passed]:
    """Return, for each round, who gave its slot up and who took it."""
    gave = (
        select(OfferRound.id, Appointment, Referral)
        .join(Appointment, Appointment.id == OfferRound.freed_appointment_id)
        .join(Referral, Referral.id == Appointment.referral_id)
    )
    took = (
        select(SlotOffer.round_id, Referral)
        .join(WaitlistEntry, WaitlistEntry.id == SlotOffer.entry_id)
        .join(Referral, Referral.id == WaitlistEntry.referral_id)
        .where(SlotOffer.state == "claimed")
    )
    ids = [one.id for one in rounds]
    freed = {row[0]: (row[1], row[2]) for row in session.execute(gave.where(OfferRound.id.in_(ids)))}
    claimed = {row[0]: row[1] for row in session.execute(took.where(SlotOffer.round_id.in_(ids)))}
    return {id_: Passed(freed.get(id_), claimed.get(id_)) for id_ in ids}

"""What outside referrers are owed to hear about their referrals: each milestone once, in order.

A notice is a move of a referral seen by one of its senders, so it exists exactly when the move does, and its id
(sender's message, move) never changes: whoever reads the list twice finds the same notices.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Subquery, literal, or_, select, tuple_, union_all
from sqlalchemy.orm import Session, defer

from kernel.clock import now
from services.referral.model.appointment import Appointment, AppointmentChange
from services.referral.model.inbound import InboundReferral
from services.referral.model.move import ReferralMove
from services.referral.rules.milestones import MILESTONES, deed_told

# A statement ends within five seconds, so what is older has no elder still being written: a cursor passes nothing by.
SETTLED_SECONDS = 6


@dataclass(frozen=True, slots=True)
class Notice:
    """One milestone for one sender. It names no patient: the sender's own id does."""

    id: str
    sender: str
    external_id: str
    referral_id: UUID
    milestone: str
    reason_code: str
    at: datetime
    place: tuple[UUID, UUID]


def read_notices(
    session: Session, sender_prefix: str, after: tuple[UUID, UUID] | None, limit: int
) -> list[Notice]:
    """Return up to `limit` notices after `after` for senders that begin with `sender_prefix` ("" for all)."""
    happened = _happened()
    place = tuple_(happened.c.event_id, InboundReferral.id)
    query = (
        select(InboundReferral, happened)
        .join(happened, happened.c.referral_id == InboundReferral.referral_id)
        .where(
            happened.c.at >= InboundReferral.received_at,
            happened.c.at < now(session) - timedelta(seconds=SETTLED_SECONDS),
        )
        .options(defer(InboundReferral.letter_sealed), defer(InboundReferral.fields_sealed))
        .order_by(happened.c.event_id, InboundReferral.id)
        .limit(limit)
    )
    if sender_prefix:
        query = query.where(InboundReferral.sender.startswith(sender_prefix, autoescape=True))
    if after is not None:
        query = query.where(place > tuple_(*after))
    return [_notice(row.InboundReferral, row) for row in session.execute(query)]


def _happened() -> Subquery:
    """The moves of referrals that are milestones, and the visits that were moved."""
    moves = select(
        ReferralMove.id.label("event_id"),
        ReferralMove.referral_id.label("referral_id"),
        ReferralMove.deed.label("deed"),
        ReferralMove.from_state.label("from_state"),
        ReferralMove.to_state.label("to_state"),
        ReferralMove.reason_code.label("reason_code"),
        ReferralMove.at.label("at"),
    ).where(
        ReferralMove.deed.in_(list(MILESTONES)),
        or_(ReferralMove.deed != "redirect", ReferralMove.to_state == "accepted"),
    )
    visits = (
        select(
            AppointmentChange.id,
            Appointment.referral_id,
            literal("move_visit"),
            literal(""),
            literal(""),
            literal(""),
            AppointmentChange.at,
        )
        .join(Appointment, Appointment.id == AppointmentChange.appointment_id)
        .where(AppointmentChange.kind == "move", Appointment.referral_id.is_not(None))
    )
    return union_all(moves, visits).subquery("happened")


def _notice(inbound: InboundReferral, event: Row[Any]) -> Notice:
    milestone = MILESTONES[deed_told(event.deed, event.from_state, event.to_state)]
    return Notice(
        id=f"{inbound.id}.{event.event_id}",
        sender=inbound.sender,
        external_id=inbound.external_id,
        referral_id=inbound.referral_id,
        milestone=milestone,
        reason_code=event.reason_code if milestone == "declined" else "",
        at=event.at,
        place=(event.event_id, inbound.id),
    )

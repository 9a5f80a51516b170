"""What outside referrers are owed to hear about their referrals: each milestone once, in order.

A notice is a move of a referral seen by one of its senders, so it exists exactly when the move does, and its id
(sender's message, move) never changes: whoever reads the list twice finds the same notices.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, tuple_
from sqlalchemy.orm import Session

from services.referral.model.inbound import InboundReferral
from services.referral.model.move import ReferralMove
from services.referral.rules.milestones import MILESTONES, milestone_of


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
    place = tuple_(ReferralMove.id, InboundReferral.id)
    query = (
        select(ReferralMove, InboundReferral)
        .join(InboundReferral, InboundReferral.referral_id == ReferralMove.referral_id)
        .where(
            ReferralMove.deed.in_(list(MILESTONES)),
            or_(ReferralMove.deed != "redirect", ReferralMove.to_state == "accepted"),
            ReferralMove.at >= InboundReferral.received_at,
        )
        .order_by(ReferralMove.id, InboundReferral.id)
        .limit(limit)
    )
    if sender_prefix:
        query = query.where(InboundReferral.sender.startswith(sender_prefix, autoescape=True))
    if after is not None:
        query = query.where(place > tuple_(*after))
    notices = []
    for move, inbound in session.execute(query):
        milestone = milestone_of(move.deed, move.to_state)
        if milestone is not None:
            notices.append(
                Notice(
                    id=f"{inbound.id}.{move.id}",
                    sender=inbound.sender,
                    external_id=inbound.external_id,
                    referral_id=inbound.referral_id,
                    milestone=milestone,
                    reason_code=move.reason_code if milestone == "declined" else "",
                    at=move.at,
                    place=(move.id, inbound.id),
                )
            )
    return notices

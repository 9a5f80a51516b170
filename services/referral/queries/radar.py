"""The stuck radar: open alarms about referrals that are still where they were, the most harmful first."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from services.referral.model.referral import Referral
from services.referral.model.watch import Escalation, StateLimit


@dataclass(frozen=True, slots=True)
class Blip:
    """One alarm with its referral and what gets a referral out of that state."""

    alarm: Escalation
    referral: Referral
    limit_hours: int | None
    unblocks: str


def read_radar(session: Session, sites: tuple[str, ...], owner: str, limit: int) -> list[Blip]:
    """Return standing alarms: a moved referral leaves the radar by itself, an acknowledged one stays, marked."""
    standing = or_(
        and_(Escalation.kind == "stuck", Escalation.since == Referral.state_since),
        and_(Escalation.kind == "due", Escalation.since == Referral.due_at, Referral.clock == "run"),
    )
    query = (
        select(Escalation, Referral, StateLimit)
        .join(Referral, Referral.id == Escalation.referral_id)
        .outerjoin(StateLimit, StateLimit.state == Referral.state)
        .where(Referral.closed_at.is_(None), standing)
        .order_by(Referral.worklist_rank, Escalation.since, Escalation.id)
        .limit(limit)
    )
    if sites:
        query = query.where(or_(Referral.site.in_(sites), Referral.site == ""))
    if owner:
        query = query.where(Referral.owner_id == owner)
    return [
        Blip(alarm, referral, found.business_hours if found else None, found.unblocks if found else "")
        for alarm, referral, found in session.execute(query)
    ]


def find_escalation(session: Session, alarm_id: UUID) -> Escalation | None:
    """Return an alarm, locked, or None."""
    return session.scalars(select(Escalation).where(Escalation.id == alarm_id).with_for_update()).first()

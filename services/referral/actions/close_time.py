"""Close a site, a room or a provider for a time, and list the visits that strands; or lift a closure."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from kernel.web.problems import FieldProblem, invalid, not_found
from services.referral.actions.offer_freed_slot import close_round
from services.referral.actions.take_seats import lock_providers
from services.referral.model.appointment import Appointment
from services.referral.model.schedule import Closure, Provider, Room, Site, SlotHold
from services.referral.model.waitlist import OfferRound
from services.referral.queries.appointments import LIVE_STATES, VISITS, Visit


def close_time(
    session: Session,
    actor: Actor,
    *,
    site_id: str | None,
    room_id: str | None,
    provider_id: str | None,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
) -> Closure:
    """Close exactly one of site, room and provider from `starts_at` to `ends_at`; return the closure.

    Visits already booked there stay booked: `stranded_visits` lists them for staff to move or cancel one by one,
    because each patient has to be told. Offers of a time that is closed now are withdrawn.

    Raises 422 for an unknown subject or an end that is not after the start.
    """
    if ends_at <= starts_at:
        raise invalid([FieldProblem("json.ends_at", "not_after_start")])
    subjects = [
        (field, session.get(kind, given))
        for field, kind, given in (
            ("site_id", Site, site_id),
            ("room_id", Room, room_id),
            ("provider_id", Provider, provider_id),
        )
        if given is not None
    ]
    if len(subjects) != 1:
        raise invalid([FieldProblem("json", "name_one_subject")])
    if subjects[0][1] is None:
        raise invalid([FieldProblem(f"json.{subjects[0][0]}", "unknown")])
    closure = Closure(
        id=new_id(),
        site_id=site_id,
        room_id=room_id,
        provider_id=provider_id,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
        created_at=now(session),
        created_by=actor.id,
    )
    session.add(closure)
    session.flush()
    record(session, actor, "close_time", "closure", closure.id, reason=reason)
    rounds = list(_offers_within(session, closure))
    if rounds:
        lock_providers(session, *(opened.provider_id for opened in rounds))
    for opened in rounds:
        close_round(session, opened, "stopped", actor)
    return closure


def lift_closure(session: Session, actor: Actor, closure_id: UUID) -> Closure:
    """Take a closure back; it stays on record. Lifting one that is lifted changes nothing. Raises 404."""
    closure = session.get(Closure, closure_id, with_for_update=True)
    if closure is None:
        raise not_found("closure")
    if closure.lifted_at is None:
        closure.lifted_at = now(session)
        record(session, actor, "lift_closure", "closure", closure.id)
    return closure


def stranded_visits(session: Session, closure: Closure) -> list[Visit]:
    """Return the visits still booked that the closure makes impossible, earliest first."""
    query = VISITS.where(Appointment.state.in_(LIVE_STATES), *_taken_away(closure, Appointment))
    rows = session.execute(query.order_by(Appointment.starts_at, Appointment.id))
    return [Visit(*row) for row in rows]


def _offers_within(session: Session, closure: Closure) -> list[OfferRound]:
    """Return the open rounds, locked, whose slot the closure takes away."""
    query = (
        select(OfferRound)
        .join(SlotHold, SlotHold.id == OfferRound.hold_id)
        .where(OfferRound.state == "open", *_taken_away(closure, SlotHold))
        .order_by(OfferRound.id)
        .with_for_update(of=OfferRound)
    )
    return list(session.scalars(query))


def _taken_away(closure: Closure, of: type[Appointment] | type[SlotHold]) -> list[ColumnElement[bool]]:
    """Return the conditions for the visits or holds that fall within the closure."""
    subjects = (
        (of.site_id, closure.site_id),
        (of.room_id, closure.room_id),
        (of.provider_id, closure.provider_id),
    )
    closed = [column == value for column, value in subjects if value is not None]
    return [of.starts_at < closure.ends_at, of.ends_at > closure.starts_at, *closed]


def standing_closures(session: Session) -> list[Closure]:
    """Return the closures that are not over and not lifted, soonest first."""
    query = select(Closure).where(Closure.lifted_at.is_(None), Closure.ends_at > now(session))
    return list(session.scalars(query.order_by(Closure.starts_at, Closure.id)))

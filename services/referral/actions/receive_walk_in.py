"""Receive somebody who came without an appointment, and see to it that they are called or leave."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from kernel.web.problems import FieldProblem, conflict, invalid, not_found
from services.referral.model.waitlist import WalkIn
from services.referral.queries.referrals import find_referral
from services.referral.queries.sites import find_site


def receive_walk_in(session: Session, actor: Actor, referral_id: UUID, site_id: str) -> WalkIn:
    """Put the referral's patient in the site's waiting room. Raises 404; 422 for a site nobody knows.

    A walk-in comes with a referral, so the warning signs have been asked; an open one puts them first.
    """
    referral = find_referral(session, referral_id)
    if referral is None or referral.patient is None:
        raise not_found("referral")
    if find_site(session, site_id) is None:
        raise invalid([FieldProblem("json.site_id", "unknown")])
    moment = now(session)
    walk_in = WalkIn(
        id=new_id(),
        version=1,
        site_id=site_id,
        referral_id=referral.id,
        arrived_at=moment,
        state="waiting",
        state_since=moment,
    )
    walk_in.patient = referral.patient
    session.add(walk_in)
    record(session, actor, "receive_walk_in", "referral", referral.id, details={"site": site_id})
    return walk_in


def end_walk_in(session: Session, actor: Actor, walk_in_id: UUID, how: str) -> WalkIn:
    """Note that the patient was `seen` or has `left`. Raises 404; 409 when that was noted before."""
    walk_in = session.get(WalkIn, walk_in_id, with_for_update=True)
    if walk_in is None:
        raise not_found("walk-in")
    if walk_in.state != "waiting":
        raise conflict("illegal_state", "The patient is no longer waiting.", state=walk_in.state, allowed=[])
    walk_in.state, walk_in.state_since = how, now(session)
    walk_in.version += 1
    record(session, actor, f"walk_in_{how}", "referral", walk_in.referral_id)
    return walk_in

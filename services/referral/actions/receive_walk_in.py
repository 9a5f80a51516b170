"""Receive somebody who came without an appointment, and see to it that they are called or leave."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.patient import PatientSnapshot
from kernel.ids import new_id
from kernel.web.problems import FieldProblem, conflict, invalid, not_found
from services.referral.actions.set_patient import patient_key
from services.referral.actions.start_referral import start_referral
from services.referral.model.referral import Referral
from services.referral.model.waitlist import WalkIn
from services.referral.queries.referrals import find_referral, live_referral_of
from services.referral.queries.sites import find_site


def receive_walk_in(session: Session, actor: Actor, referral_id: UUID, site_id: str) -> WalkIn:
    """Put the referral's patient in the site's waiting room. Raises 404; 422 for a site nobody knows.

    An open warning sign puts them first, and so does a referral no questions were asked for.
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


def receive_unknown_walk_in(
    session: Session, actor: Actor, patient: PatientSnapshot, site_id: str
) -> tuple[WalkIn, Referral]:
    """Receive somebody who comes without a referral: theirs if they have a live one, else a new one in triage.

    Nobody has asked them about warning signs yet, and not asked is not "no": it is due the same day (priority:P1).
    Raises 422 for a site nobody knows.
    """
    if find_site(session, site_id) is None:
        raise invalid([FieldProblem("json.site_id", "unknown")])
    key = patient_key(patient)
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
    session.execute(lock, {"name": f"inbound {key.hex()}"})
    referral = live_referral_of(session, key) or start_referral(
        session, actor, patient, mode="walk_in", site=site_id, priority="P1", reason_code="walked_in"
    )
    return receive_walk_in(session, actor, referral.id, site_id), referral


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

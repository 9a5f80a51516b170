"""A patient told a member of staff what they want to be written about, or that they want nothing any more."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from kernel.personal import Personal
from services.notify.actions.opt_in import opt_in
from services.notify.actions.opt_out import opt_out
from services.notify.actions.plan_visits_of import plan_visits_of
from services.notify.actions.record_consents import record_consents
from services.notify.actions.set_topics import set_topics
from services.notify.model import ContactPoint, ContactRequest, PatientContact
from services.notify.rules.cadence import PATIENT_TOPICS


def opt_on_request(
    session: Session,
    actor: Actor,
    patient_id: UUID,
    channel: str,
    deed: str,
    *,
    topics: Collection[str],
    how: str,
    note: Personal[str],
) -> str:
    """Do what the patient asked ("stop" or "start") on one channel; return "" or why it cannot be done.

    Without `topics` it is about everything: the number or address itself, whoever else uses it, and for a start this
    patient's consent to every topic. Topics alone cannot start what takes nothing at all (`opted_out`). The request is
    kept with who took it, when and in which words, which is what lets a number that said STOP be written to again.
    """
    point = _locked_point(session, patient_id, channel)
    if point is None:
        return "no_contact"
    if topics and deed == "start" and point.opted_out_at is not None:
        return "opted_out"
    at = now(session)
    request = ContactRequest(
        id=new_id(),
        patient_id=patient_id,
        contact_point_id=point.id,
        channel=channel,
        topics=sorted(topics),
        deed=deed,
        how=how,
        by=actor.id,
        at=at,
    )
    request.note = note
    session.add(request)
    session.flush()
    details = {"channel": channel, "topics": sorted(topics), "how": how, "request": str(request.id)}
    record(session, actor, f"{deed}_messages_on_request", "patient", patient_id, reason=how, details=details)
    source = f"staff_{how}"
    if topics:
        set_topics(session, [patient_id], channel, dict.fromkeys(topics, deed == "start"), source)
    elif deed == "stop":
        opt_out(session, point, actor, source)
    else:
        # Everything: also what they never agreed to before, or took back alone.
        record_consents(session, [patient_id], channel, dict.fromkeys(PATIENT_TOPICS, True), source)
        if not opt_in(session, point, actor, source):
            plan_visits_of(session, [patient_id])
    return ""


def _locked_point(session: Session, patient_id: UUID, channel: str) -> ContactPoint | None:
    same = (
        select(ContactPoint)
        .join(PatientContact, PatientContact.contact_point_id == ContactPoint.id)
        .where(PatientContact.patient_id == patient_id, PatientContact.channel == channel)
    )
    locked = same.with_for_update(key_share=True, of=ContactPoint).execution_options(populate_existing=True)
    return session.scalars(locked).one_or_none()

"""Plan what follows a visit, once it is known whether it took place."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.outbox import wake
from services.notify.actions.add_all_planned import add_all_planned
from services.notify.model import Appointment, Patient, PlannedMessage
from services.notify.queries.cadences import cadence_for
from services.notify.queries.reach import reach_of
from services.notify.rules.cadence import read_steps
from services.notify.rules.plan import Reach, Visit, plan
from services.notify.rules.wording import message_language


def plan_after_visit(session: Session, appointment: Appointment) -> None:
    """Write the messages for `appointment`'s outcome (attended or no_show); the caller holds its row's lock."""
    if appointment.facts is None:
        return
    at = now(session)
    facts = appointment.facts
    cadence = cadence_for(session, facts["visit_type"], facts["site"]["id"], facts["route"])
    steps = [step for step in read_steps(cadence.steps) if step.audience == appointment.state]
    patient = session.get(Patient, appointment.patient_id)
    language = message_language(patient.language if patient else "en")
    visit = Visit(
        datetime.fromisoformat(facts["starts_at"]), appointment.changed_at, facts["site"]["time_zone"]
    )
    there = set(
        session.scalars(
            select(PlannedMessage.step).where(
                PlannedMessage.appointment_id == appointment.id,
                PlannedMessage.appointment_version == appointment.version,
            )
        )
    )
    added = []
    for step in steps:
        if step.step in there:
            continue
        reach = reach_of(session, appointment.patient_id, step.topic)
        barriers = {channel: Reach(contact.barrier) for channel, contact in reach.items()}
        time_zone = patient.time_zone if patient else ""
        for planned in plan(visit, [step], barriers, time_zone, at):
            added.append((planned, reach[planned.channel].contact_point_id))
    session.flush()
    add_all_planned(session, appointment, added, language=language, at=at)
    wake(session)

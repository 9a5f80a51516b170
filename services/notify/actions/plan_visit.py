"""Plan, or plan again, every message of one appointment version. Safe to run any number of times."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.outbox import wake
from services.notify.actions.add_all_planned import add_all_planned
from services.notify.actions.open_staff_item import open_staff_item
from services.notify.actions.record_moves import Move, record_moves
from services.notify.model import Appointment, Patient, PlannedMessage
from services.notify.queries.cadences import cadence_for
from services.notify.queries.missed_visits import missed_visits
from services.notify.queries.reach import Contactable, reach_of
from services.notify.rules.cadence import AFTER_VISIT, Step, read_steps
from services.notify.rules.plan import Planned, Reach, Visit, plan
from services.notify.rules.wording import message_language

# A message stopped for one of these is planned after all when the obstacle is gone in time.
CURABLE = ("no_contact", "no_consent", "opted_out", "number_dead", "other_channel")
# What has gone out, or may have.
TOLD = ("sending", "sent", "delivered", "unknown")


def plan_visit(session: Session, appointment: Appointment, *, is_new: bool = False) -> None:
    """Write the planned messages of `appointment`'s current version; the caller holds its row's lock.

    `is_new`: the appointment was first heard of in this transaction, so that nothing is planned for it yet.
    """
    if appointment.facts is None or appointment.state != "booked":
        return
    at = now(session)
    who = select(Patient.time_zone, Patient.language).where(Patient.id == appointment.patient_id)
    time_zone, wished = session.execute(who).one_or_none() or ("", "en")
    reach = reach_of(session, appointment.patient_id)
    steps = _steps(session, appointment)
    wanted = _wanted(session, appointment, steps, reach, time_zone=time_zone, at=at)
    language = message_language(wished)
    there = {} if is_new else _planned_before(session, appointment)
    added: list[tuple[Planned, UUID | None]] = []
    moves: list[Move] = []
    once = {step.step for step in steps if not step.every_channel}
    spent = {row.step for row in there.values() if row.state == "failed"}
    told = {row.step for row in there.values() if row.state in TOLD and row.step in once}
    for planned in wanted:
        if planned.step in told:
            # Another channel has said this, or is saying it: whoever becomes reachable by one more is not told again.
            continue
        point = reach[planned.channel].contact_point_id
        row = there.pop((planned.step, planned.channel), None)
        if row is None:
            added.append((planned, point))
        elif row.state == "due" or (row.state == "suppressed" and row.reason in CURABLE):
            moves += _renew(row, planned, point, language)
    # The channel that stood in for another, which can be used again; not one that follows a failure.
    for row in there.values():
        if row.state == "due" and row.step not in spent and any(row.step == one.step for one in wanted):
            row.state, row.reason = "suppressed", "other_channel"
            moves.append(Move(row.id, "due", "suppressed", "other_channel"))
    session.flush()
    add_all_planned(session, appointment, added, language=language, at=at)
    record_moves(session, moves, at)
    wake(session)
    if all(contact.barrier for contact in reach.values()):
        _ask_to_call(session, appointment, reach)


def _planned_before(session: Session, appointment: Appointment) -> dict[tuple[str, str], PlannedMessage]:
    """What is planned for this version already, locked, by step and channel."""
    same = select(PlannedMessage).where(
        PlannedMessage.appointment_id == appointment.id,
        PlannedMessage.appointment_version == appointment.version,
    )
    rows = session.scalars(same.order_by(PlannedMessage.id).with_for_update())
    return {(row.step, row.channel): row for row in rows}


def _ask_to_call(session: Session, appointment: Appointment, reach: dict[str, Contactable]) -> None:
    """Nothing we can write reaches this patient: someone must phone."""
    open_staff_item(
        session,
        "call_patient",
        appointment.id,
        patient_id=appointment.patient_id,
        appointment_id=appointment.id,
        code=reach["sms"].barrier,
    )


def _steps(session: Session, appointment: Appointment) -> list[Step]:
    facts = appointment.facts or {}
    cadence = cadence_for(session, facts["visit_type"], facts["site"]["id"], facts["route"])
    return [
        _after_move(step) if appointment.version > 1 else step
        for step in read_steps(cadence.steps)
        if step.audience not in AFTER_VISIT
    ]


def _wanted(
    session: Session,
    appointment: Appointment,
    steps: list[Step],
    reach: dict[str, Contactable],
    *,
    time_zone: str,
    at: datetime,
) -> list[Planned]:
    facts = appointment.facts or {}
    visit = Visit(
        starts_at=datetime.fromisoformat(facts["starts_at"]),
        changed_at=datetime.fromisoformat(facts["changed_at"]),
        site_zone=facts["site"]["time_zone"],
        no_shows=missed_visits(session, appointment.patient_id, at),
    )
    barriers = {channel: Reach(contact.barrier) for channel, contact in reach.items()}
    return plan(visit, steps, barriers, time_zone, at)


def _after_move(step: Step) -> Step:
    """A moved visit is not confirmed as new but corrected."""
    if step.moment != "booking":
        return step
    return replace(step, step="moved", template="visit_moved", exempt="correction")


def _renew(
    row: PlannedMessage, planned: Planned, point: UUID | None, language: tuple[str, str]
) -> list[Move]:
    before = row.state
    row.contact_point_id = point
    row.language, row.language_note = language
    if before == planned.state and (before == "due" or row.reason == planned.reason):
        return []
    row.state, row.reason, row.rung_at = planned.state, planned.reason, None
    row.due_at = planned.due_at if planned.state == "due" else row.due_at
    return [Move(row.id, before, planned.state, planned.reason)]

"""Opt a number or address out of our messages, or in again: decided at the commit, under its row's lock."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.contact_opt import ContactOpted
from kernel.outbox import emit
from services.notify.actions.move_messages import Move, record_moves
from services.notify.actions.plan_visits_of import plan_visits_of
from services.notify.model import ContactPoint

PATIENTS = "SELECT patient_id FROM patient_contact WHERE contact_point_id = :point ORDER BY patient_id"
STOP_WAITING = """
UPDATE planned_message AS m SET state = 'suppressed', reason = 'opted_out', rung_at = NULL
FROM (SELECT id, state FROM planned_message WHERE contact_point_id = :point AND state IN ('due', 'held')
    AND step <> 'opt_out_confirmed' ORDER BY id FOR UPDATE) AS old
WHERE m.id = old.id RETURNING m.id, old.state
"""


def opt_out(session: Session, point: ContactPoint, actor: Actor, by: str) -> bool:
    """Stop everything to the locked `point`; `by` is the rule or code that says why. False when it was out already."""
    if point.opted_out_at is not None:
        return False
    at = now(session)
    point.opted_out_at, point.opted_out_by = at, by
    session.flush()
    stopped = session.execute(text(STOP_WAITING), {"point": point.id}).all()
    record_moves(session, [Move(row.id, row.state, "suppressed", "opted_out") for row in stopped], at)
    _tell(session, "contact_opted_out", point, actor, by)
    return True


def opt_in(session: Session, point: ContactPoint, actor: Actor, by: str) -> bool:
    """Let messages go to the locked `point` again, and plan those that still make sense. False when it was not out."""
    if point.opted_out_at is None:
        return False
    point.opted_out_at, point.opted_out_by = None, ""
    session.flush()
    patients = _tell(session, "contact_opted_in", point, actor, by)
    plan_visits_of(session, patients)
    return True


def _tell(session: Session, event: str, point: ContactPoint, actor: Actor, by: str) -> Sequence[UUID]:
    patients = list(session.scalars(text(PATIENTS), {"point": point.id}))
    record(session, actor, event, "contact_point", point.id, reason=by, details={"patients": len(patients)})
    emit(
        session,
        event,
        point.id,
        ContactOpted(patient_ids=patients, channel=point.channel, at=now(session)),
    )
    return patients

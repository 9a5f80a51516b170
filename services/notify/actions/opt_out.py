"""Opt a number or address out of our messages: decided at the commit, under its row's lock."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from services.notify.actions.lock_visits_of import lock_visits_of
from services.notify.actions.plan_visit import plan_visit
from services.notify.actions.record_moves import Move, record_moves
from services.notify.actions.tell_opt import tell_opt
from services.notify.model import ContactPoint

STOP_WAITING = """
UPDATE planned_message AS m SET state = 'suppressed', reason = 'opted_out', rung_at = NULL
FROM (SELECT id, state FROM planned_message WHERE contact_point_id = :point AND state IN ('due', 'held')
    AND step <> 'opt_out_confirmed' ORDER BY id FOR UPDATE) AS old
WHERE m.id = old.id RETURNING m.id, old.state
"""


def opt_out(session: Session, point: ContactPoint, actor: Actor, by: str) -> bool:
    """Stop everything to the locked `point`; `by` is the rule or code that says why. False when it was out already.

    Coming visits are planned again: where the cadence has another channel, that one takes over.
    """
    if point.opted_out_at is not None:
        return False
    at = now(session)
    point.opted_out_at, point.opted_out_by = at, by
    session.flush()
    patients = tell_opt(session, "contact_opted_out", point, actor, by)
    # Visits before their messages: the order every transaction here takes its locks in.
    visits = lock_visits_of(session, patients)
    stopped = session.execute(text(STOP_WAITING), {"point": point.id}).all()
    record_moves(session, [Move(row.id, row.state, "suppressed", "opted_out") for row in stopped], at)
    for visit in visits:
        plan_visit(session, visit)
    return True

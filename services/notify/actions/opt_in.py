"""Let messages go to a number or address again that had opted out."""

from sqlalchemy.orm import Session

from kernel.context import Actor
from services.notify.actions.plan_visits_of import plan_visits_of
from services.notify.actions.tell_opt import tell_opt
from services.notify.model import ContactPoint


def opt_in(session: Session, point: ContactPoint, actor: Actor, by: str) -> bool:
    """Let messages go to the locked `point` again, and plan those that still make sense. False when it was not out."""
    if point.opted_out_at is None:
        return False
    point.opted_out_at, point.opted_out_by = None, ""
    session.flush()
    patients = tell_opt(session, "contact_opted_in", point, actor, by)
    plan_visits_of(session, patients)
    return True

"""A number that was called dead wrote to us: it lives, and what waits for its owner can go there again."""

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from services.notify.actions.open_staff_item import SYSTEM
from services.notify.actions.plan_visits_of import plan_visits_of
from services.notify.model import ContactPoint, PatientContact

CLOSE = """
UPDATE staff_item SET state = 'closed', closed_at = :now, closed_by = 'notify', outcome = 'number_lives',
    version = version + 1
WHERE kind = 'number_dead' AND about_id = :point AND state = 'open' RETURNING id
"""


def revive_contact(session: Session, point: ContactPoint) -> None:
    """Use the locked `point` again and take it off the call list. An opt-out stays an opt-out.

    Coming visits are planned again: what other channels have said meanwhile is not said twice.
    """
    code = point.dead_code
    point.dead_at, point.dead_code = None, ""
    session.flush()
    record(
        session,
        SYSTEM,
        "revive_contact",
        "contact_point",
        point.id,
        reason="wrote_to_us",
        details={"code": code},
    )
    for item in session.scalars(text(CLOSE), {"now": now(session), "point": point.id}).all():
        record(session, SYSTEM, "close_staff_item", "staff_item", item, reason="number_lives")
    linked = select(PatientContact.patient_id).where(PatientContact.contact_point_id == point.id)
    plan_visits_of(session, sorted(session.scalars(linked)))

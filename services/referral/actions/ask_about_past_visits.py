"""Ask staff what became of visits that are over: nobody is ever marked as missing by the clock."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from services.referral.actions.ask_staff import ask_staff
from services.referral.model.appointment import Appointment
from services.referral.queries.appointments import LIVE_STATES

GRACE = timedelta(minutes=15)
MOST = 200
CLOCK = Actor("system", "visit_clock")


def ask_about_past_visits(session: Session) -> int:
    """Put every visit that ended a quarter of an hour ago without an outcome in front of staff; return how many."""
    over = select(Appointment.id).where(
        Appointment.state.in_(LIVE_STATES),
        Appointment.ends_at < now(session) - GRACE,
        Appointment.asks != "outcome",
    )
    ids = session.scalars(over.order_by(Appointment.ends_at).limit(MOST)).all()
    for appointment_id in ids:
        ask_staff(session, CLOCK, appointment_id, "outcome")
    return len(ids)

"""Lock an appointment and its referral, always in that order: referral, then appointment, then seats."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.web.problems import Problem, conflict, not_found
from services.referral.model.appointment import Appointment
from services.referral.model.referral import Referral
from services.referral.queries.appointments import find_appointment
from services.referral.queries.referrals import find_referral

# What may be done to an appointment in which state; everything else is a 409 that lists these.
DEEDS: dict[str, tuple[str, ...]] = {
    "booked": ("confirm", "move", "cancel", "check_in", "outcome"),
    "confirmed": ("move", "cancel", "check_in", "outcome"),
    "arrived": ("undo_check_in", "cancel", "outcome"),
    "attended": ("correct_outcome",),
    "no_show": ("correct_outcome",),
    "cancelled": (),
}


def lock_visit(session: Session, appointment_id: UUID) -> tuple[Appointment, Referral | None]:
    """Return the appointment and its referral, both locked until the transaction ends; raises 404."""
    seen = find_appointment(session, appointment_id)
    if seen is None:
        raise not_found("appointment")
    referral = None if seen.referral_id is None else find_referral(session, seen.referral_id, lock=True)
    session.refresh(seen, with_for_update=True)
    return seen, referral


def require_deed(appointment: Appointment, deed: str, **more: Any) -> None:
    """Raise the 409 `illegal_state` when the appointment's state does not allow `deed`."""
    if deed not in DEEDS[appointment.state]:
        raise illegal_state(appointment, **more)


def illegal_state(appointment: Appointment, **more: Any) -> Problem:
    """The 409 with what is allowed in this state."""
    return conflict(
        "illegal_state",
        "The visit is in a state that does not allow this. Nothing was changed.",
        state=appointment.state,
        allowed=list(DEEDS[appointment.state]),
        **more,
    )

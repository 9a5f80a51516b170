"""Correct an outcome recorded by mistake: who was marked as missing had come, or the other way round."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.web.problems import conflict
from services.referral.actions.lock_visit import lock_visit, require_deed
from services.referral.actions.move_referral import illegal_move, move_referral
from services.referral.actions.note_change import note_change, place_and_time
from services.referral.actions.record_outcome import tell_outcome
from services.referral.model.appointment import Appointment
from services.referral.model.move import ReferralMove
from services.referral.model.referral import Referral
from services.referral.queries.appointments import LIVE_STATES
from services.referral.queries.referrals import visits_of
from services.referral.rules.referral_states import STATES


def correct_outcome(
    session: Session, actor: Actor, appointment_id: UUID, outcome: str, *, note: str = ""
) -> Appointment:
    """Record the other outcome of a visit that has one, put its referral where it belongs, and return the visit.

    The attempt a no-show counted is taken back, or counted now. Raises 404; 409 `illegal_state`, `same_outcome`, and
    `illegal_move` once the referral has ended: a declined or withdrawn one is reopened first, nothing reopens a closed
    one.
    """
    appointment, referral = lock_visit(session, appointment_id)
    require_deed(appointment, "correct_outcome")
    if appointment.state == outcome:
        raise conflict("same_outcome", "This is the outcome already. Nothing was changed.")
    if referral is not None and not STATES[referral.state].is_open:
        raise illegal_move(referral)
    before = place_and_time(appointment)
    appointment.state, appointment.state_since = outcome, now(session)
    note_change(session, actor, appointment, "correct_outcome", before=before, reason=outcome, note=note)
    tell_outcome(session, appointment)
    session.flush()
    if referral is not None:
        _follow(session, actor, appointment, referral)
    return appointment


def _follow(session: Session, actor: Actor, appointment: Appointment, referral: Referral) -> None:
    """Move the referral along, unless it has gone on to something else meanwhile."""
    visits, counted = visits_of(session, referral.id), _counted(session, appointment)
    wanted = referral.state
    if appointment.state == "attended":
        referral.attempts = max(0, referral.attempts - counted)
        if referral.state == "to_book":
            wanted = "attended"
    else:
        if referral.state == "attended" and all(visit.state != "attended" for visit in visits):
            wanted = "booked" if any(visit.state in LIVE_STATES for visit in visits) else "to_book"
        # What an earlier correction took back counts again, wherever the referral has gone since.
        referral.attempts += counted or wanted == "to_book"
    if wanted != referral.state:
        details = {"appointment_id": str(appointment.id), "attempts": referral.attempts}
        move_referral(session, actor, referral, wanted, deed="correct_outcome", details=details)


def _counted(session: Session, appointment: Appointment) -> bool:
    """Return whether missing this visit once sent the referral back to be booked, with the attempt counted."""
    counted = select(ReferralMove.id).where(
        ReferralMove.referral_id == appointment.referral_id,
        ReferralMove.to_state == "to_book",
        ReferralMove.details["appointment_id"].astext == str(appointment.id),
    )
    return session.scalars(counted.limit(1)).first() is not None

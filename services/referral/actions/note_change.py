"""Append what happened to an appointment: its history is never rewritten."""

from typing import Any

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from kernel.rows import add_row
from services.referral.actions.tell_referrers import senders_to_tell, tell_referrers
from services.referral.model.appointment import Appointment, AppointmentChange


def place_and_time(appointment: Appointment) -> dict[str, Any]:
    """Return where and when the visit is, as the history keeps it."""
    return {
        "site": appointment.site_id,
        "provider": appointment.provider_id,
        "room": appointment.room_id,
        "starts_at": appointment.starts_at.isoformat(),
        "state": appointment.state,
    }


def note_change(
    session: Session,
    actor: Actor,
    appointment: Appointment,
    kind: str,
    *,
    before: dict[str, Any] | None = None,
    reason: str = "",
    note: str = "",
) -> None:
    """Raise the appointment's revision; append the change and its audit entry. A new appointment is flushed before.

    `kind` is the deed's name; `before` comes from `place_and_time`; `note` is kept sealed.
    """
    appointment.revision = 1 if kind == "book" else appointment.revision + 1
    change = AppointmentChange(
        id=new_id(),
        appointment_id=appointment.id,
        number=appointment.revision,
        version=appointment.version,
        kind=kind,
        at=now(session),
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_role=actor.role,
        actor_name=actor.name,
        reason=reason,
        before=before or {},
        after=place_and_time(appointment),
    )
    if note:
        change.note = note
    add_row(session, change)
    record(
        session,
        actor,
        f"{kind}_appointment",
        "appointment",
        appointment.id,
        reason=reason,
        details={"version": appointment.version},
    )
    if kind == "move" and appointment.referral_id is not None:
        senders = senders_to_tell(session, appointment.referral_id, "move_visit")
        tell_referrers(session, senders, "move_visit", change.id)

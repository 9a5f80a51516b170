"""A named person takes a call-back on."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.professional_notice import StaffAlertAnswered
from kernel.outbox import emit
from services.intake.model import CallbackTask
from services.intake.rules.callback_states import require_allowed


def acknowledge_callback_task(session: Session, actor: Actor, task: CallbackTask) -> None:
    """A named person takes the call-back on, and nobody else is told of it. Raises `NotPossible` unless it is open."""
    require_allowed(task.state, "acknowledge")
    task.state = "acknowledged"
    task.acknowledged_by = actor.id
    task.acknowledged_at = now(session)
    task.version += 1
    answered = StaffAlertAnswered(about_id=task.id, at=task.acknowledged_at)
    emit(session, "staff_alert_answered", task.id, answered)
    record(session, actor, "acknowledge_callback_task", "callback_task", task.id, reason=task.action)

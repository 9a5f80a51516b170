"""A person closes a call-back with what came of it; a machine never does."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from services.intake.model import CallbackTask
from services.intake.rules.callback_states import require_allowed


def close_callback_task(
    session: Session, actor: Actor, task: CallbackTask, outcome_code: str, note: str
) -> None:
    """Close an acknowledged call-back with its outcome. Raises `NotPossible` before it was acknowledged."""
    require_allowed(task.state, "close")
    task.state = "done"
    task.outcome_code = outcome_code
    task.note = note or None
    task.closed_by = actor.id
    task.closed_at = now(session)
    task.version += 1
    record(session, actor, "close_callback_task", "callback_task", task.id, reason=outcome_code)

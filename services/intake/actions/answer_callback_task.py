"""Staff take a call-back on, and close it with what came of it. A machine never does either."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from services.intake.model import CallbackTask

OUTCOMES = (
    "sent_to_emergency",
    "seen_same_day",
    "advice_given",
    "visit_arranged",
    "reached_elsewhere_cared_for",
    "not_reached_letter_sent",
    "entered_by_mistake",
)


class NotPossible(Exception):
    """The task's state does not allow the deed; nothing was changed. `allowed` lists what is possible."""

    def __init__(self, state: str, allowed: tuple[str, ...]) -> None:
        super().__init__(f"the task is {state}")
        self.state = state
        self.allowed = allowed


ALLOWED = {"open": ("acknowledge",), "acknowledged": ("close",), "done": ()}


def acknowledge_callback_task(session: Session, actor: Actor, task: CallbackTask) -> None:
    """A named person takes the call-back on. Raises `NotPossible` unless it is open."""
    _require(task, "acknowledge")
    task.state = "acknowledged"
    task.acknowledged_by = actor.id
    task.acknowledged_at = now(session)
    task.version += 1
    record(session, actor, "acknowledge_callback_task", "callback_task", task.id, reason=task.action)


def close_callback_task(
    session: Session, actor: Actor, task: CallbackTask, outcome_code: str, note: str
) -> None:
    """Close an acknowledged call-back with its outcome. Raises `NotPossible` before it was acknowledged."""
    _require(task, "close")
    task.state = "done"
    task.outcome_code = outcome_code
    task.note = note or None
    task.closed_by = actor.id
    task.closed_at = now(session)
    task.version += 1
    record(session, actor, "close_callback_task", "callback_task", task.id, reason=outcome_code)


def _require(task: CallbackTask, deed: str) -> None:
    if deed not in ALLOWED[task.state]:
        raise NotPossible(task.state, ALLOWED[task.state])

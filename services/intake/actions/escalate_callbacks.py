"""Call-backs nobody acknowledged in time rise to the next step of the on-call order; none is closed by it."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.logs import log
from services.intake.model import CallbackTask
from services.intake.rules.on_call import LAST_STEP, next_due


def escalate_callbacks(session: Session, limit: int = 100) -> int:
    """Escalate open tasks past their time; return how many. Each step is recorded once.

    This moves the role that answers for the task. The people on call are told by notify, on a clock of their own.
    """
    moment = now(session)
    late = (
        select(CallbackTask)
        .where(
            CallbackTask.state == "open",
            CallbackTask.escalation < LAST_STEP,
            or_(CallbackTask.due_at <= moment, CallbackTask.acknowledge_by <= moment),
        )
        .order_by(CallbackTask.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    escalated = 0
    for task in session.scalars(late).all():
        since = next_due(task.escalation, task.opened_at, task.due_at, task.acknowledge_by, task.escalated_at)
        if since > moment:
            continue
        task.escalation += 1
        task.escalated_at = moment
        task.version += 1
        escalated += 1
        record(
            session,
            Actor("system", "intake"),
            "escalate_callback_task",
            "callback_task",
            task.id,
            reason=task.action,
            details={"step": task.escalation},
        )
        log().warning("callback_task_escalated", id=str(task.id), step=task.escalation)
    return escalated

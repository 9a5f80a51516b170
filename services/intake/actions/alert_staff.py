"""Tell those who are to act that a call-back waits for them: that one waits, and nothing of why."""

from uuid import NAMESPACE_URL, uuid5

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.contracts.professional_notice import StaffAlerted
from kernel.outbox import emit
from services.intake.model import CallbackTask
from services.intake.rules.on_call import who_acts


def alert_staff(session: Session, task: CallbackTask) -> None:
    """Alert the role the task is with now; the same step of one opening is told once, however often this runs."""
    # A task that is only just made has not its column's default yet.
    step = task.escalation or 0
    alert_id = uuid5(NAMESPACE_URL, f"callback:{task.id}:{task.opened_at.isoformat()}:{step}")
    alert = StaffAlerted(
        alert_id=alert_id,
        kind="callback_passed_on" if step else "callback_waits",
        roles=[who_acts(step)],
        site="",
        urgent=True,
        at=now(session),
    )
    emit(session, "staff_alerted", alert_id, alert)

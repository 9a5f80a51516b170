"""Have the people on call told that a call-back waits: that one waits, and nothing of why."""

from uuid import NAMESPACE_URL, uuid5

from sqlalchemy.orm import Session

from kernel.contracts.professional_notice import StaffAlerted
from kernel.outbox import emit
from services.intake.model import CallbackTask
from services.intake.rules.on_call import ORDER


def alert_staff(session: Session, task: CallbackTask, site: str) -> None:
    """Alert whoever is on call, role by role, those of `site` ("" when not known) first; one opening is one alert.

    Notify tells the next person every 15 minutes until the task is acknowledged.
    """
    alert_id = uuid5(NAMESPACE_URL, f"callback:{task.id}:{task.opened_at.isoformat()}")
    alert = StaffAlerted(
        alert_id=alert_id,
        kind="callback_waits",
        roles=list(ORDER),
        site=site,
        urgent=True,
        at=task.opened_at,
        about_id=task.id,
    )
    emit(session, "staff_alerted", alert_id, alert)

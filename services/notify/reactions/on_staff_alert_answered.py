"""Somebody took on what staff were alerted of."""

from sqlalchemy.orm import Session

from kernel.contracts.professional_notice import StaffAlertAnswered
from kernel.events import Event
from services.notify.actions.answer_staff_alert import answer_staff_alert


def on_staff_alert_answered(session: Session, event: Event) -> None:
    """Tell nobody else."""
    heard = StaffAlertAnswered.model_validate(event.data)
    answer_staff_alert(session, heard.about_id, heard.at)

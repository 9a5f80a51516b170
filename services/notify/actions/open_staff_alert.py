"""Open an alert that a person must answer, and tell the first one on call."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.contracts.professional_notice import StaffAlerted
from services.notify.actions.tell_next_person import tell_next_person
from services.notify.model import StaffAlert

# Told twice it is opened once, and an older opening never takes the place of a later one.
OPEN = """
INSERT INTO staff_alert AS known (about_id, alert_id, roles, site, opened_at)
VALUES (:about, :alert, :roles, :site, :at)
ON CONFLICT (about_id) DO UPDATE SET alert_id = excluded.alert_id, roles = excluded.roles, site = excluded.site,
    opened_at = excluded.opened_at, next_at = NULL
WHERE known.opened_at IS NULL OR known.opened_at < excluded.opened_at
RETURNING answered_at >= opened_at
"""


def open_staff_alert(session: Session, about_id: UUID, heard: StaffAlerted) -> None:
    """Open it unless it is known, and tell the first person unless it was answered already."""
    values = {
        "about": about_id,
        "alert": heard.alert_id,
        "roles": heard.roles,
        "site": heard.site,
        "at": heard.at,
    }
    opened = session.execute(text(OPEN), values).first()
    if opened is not None and not opened[0]:
        alert = session.get_one(StaffAlert, about_id, populate_existing=True)
        tell_next_person(session, alert)

"""An alert was answered: nobody else is told of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

# An answer may be heard before its alert, and after the alert of a later opening.
ANSWER = """
INSERT INTO staff_alert AS known (about_id, answered_at) VALUES (:about, :at)
ON CONFLICT (about_id) DO UPDATE SET answered_at = greatest(known.answered_at, excluded.answered_at),
    next_at = CASE WHEN known.opened_at > excluded.answered_at THEN known.next_at END
"""


def answer_staff_alert(session: Session, about_id: UUID, at: datetime) -> None:
    """Keep when it was answered; an alert opened after `at` goes on."""
    session.execute(text(ANSWER), {"about": about_id, "at": at})

"""The patient says they read the safety text."""

from datetime import datetime

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from services.intake.model import Submission
from services.intake.queries.submissions import notices_of


def note_safety_read(session: Session, actor: Actor, submission: Submission, moment: datetime) -> None:
    """Note the time on every text not noted yet; a second time changes nothing."""
    for notice in notices_of(session, submission.id):
        if notice.read_at is None:
            notice.read_at = moment
            record(session, actor, "read_safety_text", "submission", submission.id, reason=notice.kind)

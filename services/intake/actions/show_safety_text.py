"""The safety text a patient must see now: stored word for word with the time, before it is shown."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.ids import new_id
from services.intake.model import SafetyNotice, Submission
from services.intake.rules.safety_kinds import kinds_due
from services.intake.texts import safety_text


def show_safety_text(
    session: Session, submission: Submission, flags: Sequence[Any], urgent: str | None
) -> str | None:
    """Store the texts due and not stored yet, each kind once a draft; return the kind to show now, or None.

    Kinds are emergency, self_harm and same_day. With an emergency one is always to be shown.
    """
    if urgent is None:
        return None
    due = kinds_due(flags)
    known = set(
        session.scalars(select(SafetyNotice.kind).where(SafetyNotice.submission_id == submission.id)).all()
    )
    fresh = [kind for kind in due if kind not in known]
    for kind in fresh:
        notice = SafetyNotice(
            id=new_id(),
            submission_id=submission.id,
            kind=kind,
            language=submission.language,
            shown_at=now(session),
        )
        notice.text = safety_text(kind, submission.language)
        session.add(notice)
    return next(iter(due if urgent == "E" else fresh), None)

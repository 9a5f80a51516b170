"""The safety text a patient must see now: stored word for word with the time, before it is shown."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.ids import new_id
from services.intake.model import SafetyNotice, Submission
from services.intake.rules.harm_words import is_about_self_harm
from services.intake.texts import safety_text


def show_safety_text(
    session: Session, submission: Submission, flags: Sequence[Any], urgent: str | None
) -> str | None:
    """Store and return the kind of text due (emergency, self_harm, same_day), or None; each kind once a draft."""
    if urgent is None:
        return None
    harm = any(is_about_self_harm(flag) for flag in flags)
    kind = "self_harm" if harm else "emergency" if urgent == "E" else "same_day"
    known = select(SafetyNotice.id).where(
        SafetyNotice.submission_id == submission.id, SafetyNotice.kind == kind
    )
    if session.scalars(known).first() is not None:
        return kind if urgent == "E" else None
    notice = SafetyNotice(
        id=new_id(),
        submission_id=submission.id,
        kind=kind,
        language=submission.language,
        shown_at=now(session),
    )
    notice.text = safety_text(kind, submission.language)
    session.add(notice)
    return kind
